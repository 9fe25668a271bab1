public import TaperBase
public import TaperModelSpec

/// Why a graph cannot be imported. Each names the first part that does not fit.
public enum ImportError: Error, Hashable, Sendable {
  case file(FileError)
  case model(ModelSpecError)
  case foreignContent(path: String, ForeignContent)
  /// The files beside the graph, or what was made of it.
  case folder(path: String, what: String)
  /// Neither model.onnx nor openvino_model.xml by its name.
  case unknownFormat(path: String)
  /// The file is not what its name says, or damaged.
  case malformed(path: String, what: String, offset: Int)
  case malformedIR(path: String, what: String)
  /// Nodes and values do not fit each other.
  case malformedGraph(path: String, what: String)
  case tooLarge(path: String, what: String, limit: Int)
  /// An operation that no encoder that Taper knows has.
  case unknownNode(path: String, kind: String, output: String)
  /// A node whose inputs or attributes are not what its operation allows, or that would need too much.
  case badNode(path: String, kind: String, name: String, found: String)
  /// A tensor's element type or size.
  case badTensor(path: String, tensor: String, expected: String, found: String)
  /// A tensor's data is in a file outside the model's folder.
  case outsideFolder(path: String, tensor: String, file: String)
  /// The part of the graph that is none of a known encoder's.
  case unrecognised(path: String, part: String, expected: String, found: String)
  /// A family whose attention is not recognised in graphs.
  case unsupportedFamily(path: String, modelType: String)
  /// None of the graph's outputs is the encoder's or a classifier's.
  case otherOutputs(path: String, outputs: [String])
  /// config.json and the graph are of two models.
  case configDiffers(path: String, key: String, config: String, graph: String)
  /// Neither the graph nor a file beside it says this.
  case unknownFact(path: String, fact: String)
  /// The model that was recognised answers otherwise than the graph itself.
  case answersDiffer(path: String, difference: Float, tolerance: Float, tokens: Int)
}

extension ImportError: FileFailure {}

extension ImportError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .model(let error): error.description
    case .foreignContent(let path, let content): "\(path): expected the file itself; found \(content)"
    case .folder(let path, let what): "\(path): the files beside it: \(what)"
    case .unknownFormat(let path):
      "\(path): expected an ONNX graph (.onnx) or OpenVINO IR (.xml); found another name"
    case .malformed(let path, let what, let offset):
      "\(path): expected an ONNX model; found \(what) out of bounds at byte \(offset): it is cut off or something else"
    case .malformedIR(let path, let what): "\(path): expected OpenVINO IR; found \(what)"
    case .malformedGraph(let path, let what): "\(path): expected a graph; \(what)"
    case .tooLarge(let path, let what, let limit): "\(path): expected at most \(limit) \(what); found more"
    case .unknownNode(let path, let kind, let output):
      "\(path): node \(kind) (it makes \"\(output)\") is none of an encoder that Taper knows; export the model without "
        + "optimisation, or use its safetensors"
    case .badNode(let path, let kind, let name, let found):
      "\(path): node \(kind) \"\(name)\": \(found)"
    case .badTensor(let path, let tensor, let expected, let found):
      "\(path): tensor \"\(tensor)\": expected \(expected), found \(found)"
    case .outsideFolder(let path, let tensor, let file):
      "\(path): tensor \"\(tensor)\" is in \"\(file)\"; expected a file in the model's own folder"
    case .unrecognised(let path, let part, let expected, let found):
      "\(path): \(part): expected \(expected); found \(found); the graph is none of an encoder that Taper knows: "
        + "use the model's safetensors"
    case .unsupportedFamily(let path, let modelType):
      "\(path): expected a family whose graphs are read; found \(modelType): use the model's safetensors"
    case .otherOutputs(let path, let outputs):
      "\(path): expected the last layer's states, their mean or first row, or a classifier's logits among the "
        + "outputs; found \(outputs.joined(separator: ", ")), which are none of these; export the last layer's states "
        + "as they are"
    case .configDiffers(let path, let key, let config, let graph):
      "\(path): the graph has \(key) \(graph), config.json says \(config); put the model's own config.json beside it"
    case .unknownFact(let path, let fact):
      "\(path): expected the graph to tell \(fact); it does not; put the model's config.json beside it"
    case .answersDiffer(let path, let difference, let tolerance, let tokens):
      "\(path): the graph computes something that was not recognised: on \(tokens) tokens its own answer differs by "
        + "\(difference) of the largest element from that of the model made of it (at most \(tolerance)); "
        + "use the model's safetensors"
    }
  }
}
