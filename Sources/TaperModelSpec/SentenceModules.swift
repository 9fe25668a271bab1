import TaperJSON
import TaperPlanFormat

/// The sentence-transformers files of a model: modules.json (a chain of Transformer, Pooling and optionally Normalize)
/// and the pooling module's config.json.
struct SentenceModules {
  /// Where config.json and the weights are.
  let transformerDirectory: String
  /// The transformer's folder inside the model directory; empty when it is the model directory itself.
  let transformerFolder: String
  /// The modules' folders inside the model directory; empty for the model directory itself.
  let folders: [String]
  let pooling: Pooling
  let normalized: Bool
  let modulesFile: JSONFile
  let poolingFile: JSONFile

  /// nil when the directory has no modules.json.
  init?(directory: String) throws(ModelSpecError) {
    guard let file = try JSONFile(ifPresent: directory + "/modules.json") else { return nil }
    var paths: [(kind: String, path: String)] = []
    for (index, module) in (file.value.array ?? []).enumerated() {
      guard let type = module["type"]?.string, let path = module["path"]?.string else {
        throw file.failure("[\(index)]", expected: "an object with type and path", module)
      }
      // Module paths must stay inside this directory: nothing else may be read.
      guard !path.hasPrefix("/"), !path.split(separator: "/").contains("..") else {
        throw file.failure("[\(index)].path", expected: "a folder inside the model directory", .string(path))
      }
      paths.append((String(type.split(separator: ".").last ?? ""), path))
    }
    let kinds = paths.map(\.kind)
    guard kinds == ["Transformer", "Pooling"] || kinds == ["Transformer", "Pooling", "Normalize"] else {
      throw file.failure(
        "the module types", expected: "Transformer, Pooling and optionally Normalize",
        .string(kinds.joined(separator: ", ")))
    }
    folders = paths.map(\.path)
    transformerFolder = paths[0].path
    transformerDirectory = transformerFolder.isEmpty ? directory : "\(directory)/\(transformerFolder)"
    normalized = kinds.count == 3
    modulesFile = file
    poolingFile = try JSONFile(path: "\(directory)/\(paths[1].path)/config.json")
    pooling = try Self.pooling(poolingFile)
  }

  /// Exactly one mode, mean or cls; older files have a flag for each mode, newer ones name it.
  private static func pooling(_ file: JSONFile) throws(ModelSpecError) -> Pooling {
    if let mode = file.member("pooling_mode") {
      return try Pooling(named: mode.string ?? mode.serialized(), in: file, key: "pooling_mode")
    }
    let prefix = "pooling_mode_"
    let modes = (file.value.object?.members ?? []).filter {
      $0.key.hasPrefix(prefix) && $0.value == .bool(true)
    }
    switch modes.map(\.key) {
    case [prefix + "mean_tokens"]: return .mean
    case [prefix + "cls_token"]: return .cls
    case let found:
      throw .value(
        path: file.path, key: prefix + "*", expected: "exactly one of mean_tokens and cls_token to be true",
        found: found.isEmpty ? "none" : found.joined(separator: ", "))
    }
  }

  /// The pooled width, when stated, must be the encoder's.
  func check(hidden: Int) throws(ModelSpecError) {
    if let width = poolingFile.member("word_embedding_dimension"), width.int != hidden {
      throw poolingFile.failure("word_embedding_dimension", expected: "the hidden size \(hidden)", width)
    }
  }
}
