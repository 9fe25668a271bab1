public import TaperBase
public import TaperModelSpec

/// Why a graph cannot be imported. Each names the first part that does not fit.
public enum ImportError: Error, Hashable, Sendable {
  case file(FileError)
  case model(ModelSpecError)
  case foreignContent(path: String, ForeignContent)
  /// The file is not what its name says, or damaged.
  case malformed(path: String, what: String, offset: Int)
  /// A node whose kind no encoder that Taper knows has, or that fuses several parts into one.
  case unknownNode(path: String, kind: String, output: String)
  /// A tensor that is none of a known encoder's.
  case unknownTensor(path: String, tensor: String)
  case missingTensor(path: String, tensor: String)
  /// A tensor's element type or size.
  case badTensor(path: String, tensor: String, expected: String, found: String)
  /// A tensor's data is in a file outside the model's folder.
  case outsideFolder(path: String, tensor: String, file: String)
  /// None of the graph's outputs is the encoder's or the classifier's.
  case otherOutputs(path: String, outputs: [String])
  /// config.json and the graph are of two models.
  case configDiffers(path: String, key: String, config: String, graph: String)
  /// Neither the graph nor a file beside it says this.
  case unknownFact(path: String, fact: String)
}

extension ImportError: FileFailure {}

extension ImportError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .model(let error): error.description
    case .foreignContent(let path, let content): "\(path): expected the file itself; found \(content)"
    case .malformed(let path, let what, let offset):
      "\(path): expected an ONNX model; found \(what) out of bounds at byte \(offset): it is cut off or something else"
    case .unknownNode(let path, let kind, let output):
      "\(path): node \(kind) (it makes \"\(output)\") is none of an encoder as transformers exports it; export the model "
        + "without graph optimisation, or use its safetensors"
    case .unknownTensor(let path, let tensor):
      "\(path): tensor \"\(tensor)\" is none of an encoder that Taper knows; use the model's safetensors"
    case .missingTensor(let path, let tensor): "\(path): expected a tensor \"\(tensor)\"; found none"
    case .badTensor(let path, let tensor, let expected, let found):
      "\(path): tensor \"\(tensor)\": expected \(expected), found \(found)"
    case .outsideFolder(let path, let tensor, let file):
      "\(path): tensor \"\(tensor)\" is in \"\(file)\"; expected a file in the model's own folder"
    case .otherOutputs(let path, let outputs):
      "\(path): expected the last layer's states or the classifier's logits among the outputs; found "
        + "\(outputs.joined(separator: ", ")); what follows the encoder is not read: export it with last_hidden_state"
    case .configDiffers(let path, let key, let config, let graph):
      "\(path): the graph has \(key) \(graph), config.json says \(config); put the model's own config.json beside it"
    case .unknownFact(let path, let fact):
      "\(path): expected the graph to tell \(fact); it does not; put the model's config.json beside it"
    }
  }
}
