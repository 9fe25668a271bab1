import TaperJSON
import TaperPlanFormat

/// The chain of modules that sentence-transformers (versions 2 to 6) saves in modules.json, each with a folder:
///
///     Transformer → Pooling → (Dense | LayerNorm | Normalize)*     an embedding
///     Transformer → SpladePooling                                  a sparse vector, by the head that predicts tokens
///     Transformer → (Dense | Normalize | MultiVectorMask)+          a vector for every token (ColBERT)
///     Transformer                                                  a cross-encoder with its classification head
///
/// Dropout does nothing at inference and is passed over. Any other module, or one of the model's own code, changes the
/// answer, so it is refused by name.
struct SentenceModules {
  /// Where config.json and the weights are.
  let transformerDirectory: String
  /// The modules' folders inside the model directory; empty for the model directory itself.
  let folders: [String]
  /// Of these, those with weights.
  let foldersWithWeights: [String]
  /// nil for a cross-encoder and for a sparse encoder.
  let pooling: SentencePooling?
  /// nil unless it is a sparse encoder.
  let splade: SpladePooling?
  /// Whether it gives a vector for every token.
  let isMultiVector: Bool
  /// The MultiVectorMask module's config.json.
  let mask: JSONFile?
  let modulesFile: JSONFile
  /// Whether the first module is an MLMTransformer, of sparse encoders.
  private let isMaskedLanguageModule: Bool
  /// Those after the pooling.
  private let later: [Module]
  private let directory: String

  /// What the Transformer must have been saved for.
  var task: SequenceConfig.Task {
    if splade != nil { return .maskedLanguage }
    return pooling == nil && !isMultiVector ? .classification : .embedding
  }

  /// What the Transformer was saved for unless its settings say.
  var standardTask: SequenceConfig.Task { splade != nil && !isMaskedLanguageModule ? .embedding : task }

  private struct Module {
    /// From 0, in modules.json.
    var place: Int
    var kind: String
    var type: String
    var path: String

    static let withWeights = ["Transformer", "MLMTransformer", "Dense", "LayerNorm"]
  }

  /// nil when the directory has no modules.json.
  init?(directory: String) throws(ModelSpecError) {
    guard let file = try JSONFile(ifPresent: directory + "/modules.json") else { return nil }
    let modules = try Self.modules(file).filter { $0.kind != "Dropout" }
    let kinds = modules.map(\.kind)
    let isSparse = kinds.count == 2 && kinds[1] == "SpladePooling"
    guard kinds.first == "Transformer" || isSparse && kinds[0] == "MLMTransformer" else {
      throw file.failure(
        "the first module", expected: "a Transformer", modules.first.map { .string($0.type) })
    }
    isMultiVector =
      kinds.count > 1 && kinds[1...].allSatisfy(["Dense", "Normalize", "MultiVectorMask"].contains)
    guard
      kinds.count == 1 || isSparse || isMultiVector
        || kinds[1] == "Pooling" && kinds[2...].allSatisfy(["Dense", "LayerNorm", "Normalize"].contains)
    else {
      throw file.failure(
        "the modules",
        expected:
          "Transformer and Pooling, then any of Dense, LayerNorm and Normalize; Transformer and SpladePooling; "
          + "Transformer, Dense and Normalize for token vectors; or a cross-encoder's Transformer",
        .string(kinds.joined(separator: ", ")))
    }
    self.directory = directory
    isMaskedLanguageModule = kinds[0] == "MLMTransformer"
    folders = modules.map(\.path)
    foldersWithWeights = modules.filter { Module.withWeights.contains($0.kind) }.map(\.path)
    transformerDirectory = Self.join(directory, modules[0].path)
    later = Array(modules.dropFirst(isMultiVector ? 1 : 2)).filter { $0.kind != "MultiVectorMask" }
    mask = try modules.first { $0.kind == "MultiVectorMask" }.map { (module) throws(ModelSpecError) in
      try JSONFile(path: "\(Self.join(directory, module.path))/config.json")
    }
    modulesFile = file
    let second =
      kinds.count > 1 && !isMultiVector
      ? try JSONFile(path: "\(Self.join(directory, modules[1].path))/config.json") : nil
    splade = try isSparse ? second.map { (file) throws(ModelSpecError) in try SpladePooling(file) } : nil
    pooling =
      try isSparse || isMultiVector
      ? nil : second.map { (file) throws(ModelSpecError) in try SentencePooling(file) }
  }

  /// The head that the modules after the Transformer make; nil for a cross-encoder and a sparse encoder.
  /// - Parameter hidden: the width of the tokens' states.
  func head(hidden: Int) throws(ModelSpecError) -> SentenceHead? {
    guard pooling != nil || isMultiVector else { return nil }
    try pooling?.check(hidden: hidden)
    var head = SentenceHead(pooling, hidden: hidden)
    for module in later {
      let folder = Self.join(directory, module.path)
      switch module.kind {
      case "Dense": try head.addDense(folder, place: module.place)
      case "LayerNorm": try head.addLayerNorm(folder, place: module.place)
      default:
        let isLast = module.place == later.last?.place
        try head.addNormalize(folder, name: isLast ? "normalized" : "module.\(module.place)")
      }
    }
    return head
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
      // PyLate's projection is sentence-transformers' Dense.
      guard type.hasPrefix("sentence_transformers.") || type == "pylate.models.Dense.Dense" else {
        throw file.failure(
          "[\(index)].type",
          expected: "a module of sentence_transformers: the model's own code cannot be run",
          .string(type))
      }
      let folder = path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
      modules.append(
        Module(
          place: index, kind: String(type.split(separator: ".").last ?? ""), type: type, path: folder))
    }
    return modules
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
      var set: [String] = []
      for (flag, mode) in flags where file.member("pooling_mode_\(flag)") != nil {
        if try file.bool("pooling_mode_\(flag)") { set.append(mode) }
      }
      modes = set.isEmpty ? ["mean"] : set
    }
    guard let mode = modes.first, modes.count == 1 else {
      throw file.failure(
        "pooling_mode", expected: "one mode: several side by side are not supported",
        .string(modes.joined(separator: " and ")))
    }
    pooling = try Pooling(named: mode, in: file, key: "pooling_mode", among: Pooling.ofTexts)
  }

  /// The pooled width, when stated, must be the encoder's.
  func check(hidden: Int) throws(ModelSpecError) {
    try file.checkPooledWidth(hidden, "the hidden size")
  }
}

extension JSONFile {
  /// A pooling module's width, when stated, under its new or its old key.
  func checkPooledWidth(_ width: Int, _ name: String) throws(ModelSpecError) {
    for key in ["embedding_dimension", "word_embedding_dimension"] {
      if let found = member(key), found.int != width {
        throw failure(key, expected: "\(name) \(width)", found)
      }
    }
  }
}
