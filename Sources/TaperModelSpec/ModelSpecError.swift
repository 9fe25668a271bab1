public import TaperBase
public import TaperJSON

/// Why a model directory or one of its files cannot be used.
public enum ModelSpecError: Error, Hashable, Sendable {
  case file(FileError)
  /// None of the possible files exists.
  case fileMissing(directory: String, anyOf: [String])
  case json(path: String, error: JSONError)
  /// A member of a JSON file is missing or is not what it must be.
  case value(path: String, key: String, expected: String, found: String)
  /// config.json does not say of which family the model is.
  case modelTypeMissing(path: String, known: [String])
  /// Weights in a format that only running Python can read.
  case pickledWeights(path: String)
  /// No weights of a checkpoint, but an exported graph.
  case onlyGraph(directory: String, path: String)
  /// The file is something else altogether.
  case foreignContent(path: String, ForeignContent)
  /// All that is wrong, where more than one thing is.
  case several([ModelSpecError])
  case unknownFamily(path: String, modelType: String, known: [String])
  case unknownArchitecture(path: String, found: [String], known: [String])
  case safetensors(path: String, defect: SafetensorsDefect)
  /// A tensor is in none of the files under any name the family knows.
  case tensorMissing(path: String, tensor: String, tried: [String])
  case tensorType(path: String, tensor: String, expected: [String], found: String)
  case tensorShape(path: String, tensor: String, expected: [Int], found: [Int])
  case nonFiniteTensor(path: String, tensor: String, index: Int)
  /// The model has no tensor in this role, for example no pooler.
  case roleAbsent(role: String, model: String)
  case tokenizer(path: String, reason: String)
  case destinationExists(path: String)
}

extension ModelSpecError: FileFailure {}

extension ModelSpecError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .fileMissing(let directory, let names):
      "\(directory): expected a Hugging Face model directory; found no \(names.joined(separator: " and no "))"
    case .json(let path, let error): "\(path): \(error)"
    case .value(let path, let key, let expected, let found):
      "\(path): expected \(key) to be \(expected), found \(found)"
    case .modelTypeMissing(let path, let known):
      "\(path): expected model_type; found none; add it: one of \(known.joined(separator: ", "))"
    case .pickledWeights(let path):
      "\(path): expected model.safetensors; found only PyTorch's pickle, which can run any code when read; convert it "
        + "with tools/convert-checkpoint of Taper's repository"
    case .onlyGraph(let directory, let path):
      "\(directory): expected model.safetensors; found an exported graph; give the graph itself: \(path)"
    case .foreignContent(let path, let content): "\(path): expected the file itself; found \(content)"
    case .several(let errors): errors.map(\.description).joined(separator: "\n")
    case .unknownFamily(let path, let modelType, let known):
      "\(path): model_type \"\(modelType)\" is not known; families: \(known.joined(separator: ", "))"
    case .unknownArchitecture(let path, let found, let known):
      "\(path): architectures \(found) are not known for this family; expected one of "
        + known.joined(separator: ", ")
        + "; to use the encoder alone, for vectors, name \(known.first ?? "the encoder") there"
    case .safetensors(let path, let defect): "\(path): \(defect)"
    case .tensorMissing(let path, let tensor, let tried):
      "\(path): no tensor for \(tensor); tried \(tried.joined(separator: ", "))"
    case .tensorType(let path, let tensor, let expected, let found):
      "\(path): tensor \"\(tensor)\": expected element type \(expected.joined(separator: " or ")), found \(found)"
    case .tensorShape(let path, let tensor, let expected, let found):
      "\(path): tensor \"\(tensor)\": expected shape \(expected), found \(found)"
    case .nonFiniteTensor(let path, let tensor, let index):
      "\(path): tensor \"\(tensor)\": expected finite numbers, found infinity or NaN at element \(index)"
    case .roleAbsent(let role, let model): "model \(model) has no tensor \(role)"
    case .tokenizer(let path, let reason): "\(path): \(reason)"
    case .destinationExists(let path): "\(path) exists already; remove it or choose another name"
    }
  }
}
