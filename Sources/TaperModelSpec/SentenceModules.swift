import TaperJSON
import TaperPlanFormat

/// The chain of modules that sentence-transformers (versions 2 to 6) saves in modules.json, each with a folder:
///
///     Transformer → Pooling → [Normalize]     an embedding
///     Transformer                             a cross-encoder, which answers with its classification head
///
/// Dropout does nothing at inference and is passed over. Any other module, or one of the model's own code, changes the
/// answer, so it is refused by name.
struct SentenceModules {
  /// Where config.json and the weights are.
  let transformerDirectory: String
  /// The transformer's folder inside the model directory; empty when it is the model directory itself.
  let transformerFolder: String
  /// The modules' folders inside the model directory; empty for the model directory itself.
  let folders: [String]
  /// nil for a cross-encoder.
  let pooling: SentencePooling?
  let normalized: Bool
  let modulesFile: JSONFile

  var isCrossEncoder: Bool { pooling == nil }

  private struct Module {
    var kind: String
    var type: String
    var path: String
  }

  /// nil when the directory has no modules.json.
  init?(directory: String) throws(ModelSpecError) {
    guard let file = try JSONFile(ifPresent: directory + "/modules.json") else { return nil }
    let modules = try Self.modules(file).filter { $0.kind != "Dropout" }
    let kinds = modules.map(\.kind)
    guard kinds.first == "Transformer" else {
      throw file.failure(
        "the first module", expected: "a Transformer", modules.first.map { .string($0.type) })
    }
    let chains = [["Transformer"], ["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]]
    guard chains.contains(kinds) else {
      throw file.failure(
        "the modules",
        expected: "Transformer, Pooling and optionally Normalize, or a cross-encoder's Transformer",
        .string(kinds.joined(separator: ", ")))
    }
    folders = modules.map(\.path)
    transformerFolder = modules[0].path
    transformerDirectory = Self.join(directory, transformerFolder)
    normalized = kinds.count == 3
    if normalized { try Self.checkNormalize(Self.join(directory, modules[2].path)) }
    modulesFile = file
    pooling =
      kinds.count > 1
      ? try SentencePooling(JSONFile(path: "\(Self.join(directory, modules[1].path))/config.json")) : nil
  }

  private static func join(_ directory: String, _ folder: String) -> String {
    folder.isEmpty ? directory : "\(directory)/\(folder)"
  }

  private static func modules(_ file: JSONFile) throws(ModelSpecError) -> [Module] {
    guard let elements = file.value.array else {
      throw file.failure("its content", expected: "an array of modules", file.value)
    }
    var modules: [Module] = []
    for (index, element) in elements.enumerated() {
      guard let type = element["type"]?.string, let path = element["path"]?.string else {
        throw file.failure("[\(index)]", expected: "an object with type and path", element)
      }
      // Module paths must stay inside this directory: nothing else may be read.
      guard !path.hasPrefix("/"), !path.split(separator: "/").contains("..") else {
        throw file.failure("[\(index)].path", expected: "a folder inside the model directory", .string(path))
      }
      // The package has moved its modules from version to version; the class keeps its name.
      guard type.hasPrefix("sentence_transformers.") else {
        throw file.failure(
          "[\(index)].type",
          expected: "a module of sentence_transformers: the model's own code cannot be run",
          .string(type))
      }
      let folder = path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
      modules.append(
        Module(kind: String(type.split(separator: ".").last ?? ""), type: type, path: folder))
    }
    return modules
  }

  /// A Normalize module of other vectors than the sentence's is another model.
  private static func checkNormalize(_ folder: String) throws(ModelSpecError) {
    guard let file = try JSONFile(ifPresent: "\(folder)/config.json") else { return }
    for key in ["module_input_name", "module_output_name"] {
      if let name = file.member(key), name != "sentence_embedding" {
        throw file.failure(key, expected: "\"sentence_embedding\"", name)
      }
    }
  }
}

/// A pooling module's config.json.
struct SentencePooling {
  let pooling: Pooling
  /// Whether the tokens of a prompt take part.
  let includesPrompt: Bool
  let file: JSONFile

  /// Newer files name the mode or list several; older ones have a flag for each, none of them meaning the mean.
  init(_ file: JSONFile) throws(ModelSpecError) {
    self.file = file
    includesPrompt = file.member("include_prompt") == nil ? true : try file.bool("include_prompt")
    let modes: [String]
    if let mode = file.member("pooling_mode") {
      modes = if let name = mode.string { [name] } else { try file.strings("pooling_mode") }
    } else {
      let flags = [
        ("cls_token", "cls"), ("max_tokens", "max"), ("mean_tokens", "mean"),
        ("mean_sqrt_len_tokens", "mean_sqrt_len_tokens"), ("weightedmean_tokens", "weightedmean"),
        ("lasttoken", "lasttoken"),
      ]
      let set = flags.filter { file.value["pooling_mode_\($0.0)"] == .bool(true) }.map(\.1)
      modes = set.isEmpty ? ["mean"] : set
    }
    switch modes {
    case ["mean"]: pooling = .mean
    case ["cls"]: pooling = .cls
    default:
      throw file.failure(
        "pooling_mode", expected: "\"mean\" or \"cls\"", .string(modes.joined(separator: " and ")))
    }
  }

  /// The pooled width, when stated, must be the encoder's.
  func check(hidden: Int) throws(ModelSpecError) {
    for key in ["embedding_dimension", "word_embedding_dimension"] {
      if let width = file.member(key), width.int != hidden {
        throw file.failure(key, expected: "the hidden size \(hidden)", width)
      }
    }
  }
}
