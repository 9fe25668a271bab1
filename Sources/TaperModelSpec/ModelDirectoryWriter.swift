import Glibc
public import TaperBase
internal import TaperJSON
public import TaperPlanFormat

/// Writes a model directory: a base model with a fitted linear head (specs/models/README.md). Of the base's files it
/// takes those that define the model. Large ones are hard-linked where the file system allows; small ones are copied,
/// so that editing a configuration changes one model only. The destination appears whole or not at all.
public enum ModelDirectoryWriter {
  /// - Parameters:
  ///   - base: the model whose pooled features the head was fitted on. Its own head is replaced; its pooling, pooler
  ///     and normalisation stay, and the new linear layer follows them.
  ///   - kind: classification, multiLabel or regression.
  ///   - weight: [outputs, width of the features], row-major; `bias` has one element per output.
  ///   - labels: one per output; empty for regression.
  ///   - data: SHA-256 of the file of texts that the head was fitted to.
  ///   - destination: must not exist.
  /// - Throws: `destinationExists`, `file`.
  public static func write(
    base: ModelSpec, kind: HeadKind = .classification, weight: [Float], bias: [Float], labels: [String],
    data: Digest? = nil, to destination: String
  ) throws(ModelSpecError) {
    let width = base.head.featureWidth
    precondition(kind != .embedding, "a fitted head classifies or regresses")
    precondition(!bias.isEmpty && weight.count == bias.count * width, "weight is [outputs, width]")
    precondition(labels.count == (kind == .regression ? 0 : bias.count), "one label per output")
    let target = FilePath.withoutTrailingSlashes(destination)
    guard !FilePath.exists(target) else { throw .destinationExists(path: target) }
    try FolderSink.write(target) { (folder) throws(ModelSpecError) in
      try duplicate(FilePath.withoutTrailingSlashes(base.directory), as: folder)
      try setDefaultPrompt(base.prompts, in: folder)
      var spec = base.head
      spec.kind = kind
      spec.labels = labels
      spec.outputWidth = bias.count
      spec.hasLinear = true
      try ModelSpecError.wrapping(
        try WholeFile.write(
          FittedHead.description(spec, width: width, data: data),
          to: "\(folder)/\(FittedHead.descriptionName)"))
      var writer = SafetensorsWriter()
      writer.add(FittedHead.weightTensor, shape: [bias.count, width], values: weight)
      writer.add(FittedHead.biasTensor, shape: [bias.count], values: bias)
      try writer.write(to: "\(folder)/\(FittedHead.weightsName)")
    }
  }

  /// The prompt that the head was fitted with becomes the default of the new model.
  private static func setDefaultPrompt(_ prompts: Prompts, in folder: String) throws(ModelSpecError) {
    guard let settings = try SentenceSettings(directory: folder),
      settings.defaultPrompt != prompts.defaultName,
      var object = settings.file.value.object
    else { return }
    object["default_prompt_name"] = prompts.defaultName.map { JSONValue.string($0) } ?? .null
    try ModelSpecError.wrapping(
      try WholeFile.write(JSONValue.object(object).serialized(pretty: true) + "\n", to: settings.file.path))
  }

  /// Files larger than this are linked: weights, not configurations.
  private static let linkThreshold = 4 << 20

  /// The files that a Hugging Face or sentence-transformers loader reads besides the weights. An earlier fitted head is
  /// not copied, nor are READMEs, other frameworks' weights and the like.
  private static let descriptions =
    [
      "config.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "modules.json",
      SentenceSettings.name,
    ] + ModelTokenizer.files + SequenceConfig.names

  private static func duplicate(_ source: String, as target: String) throws(ModelSpecError) {
    let modules = try SentenceModules(directory: source)
    let weighted = modules?.foldersWithWeights ?? [""]
    for folder in Set([""] + weighted + (modules?.folders ?? [])).sorted() {
      let (from, to) = (join(source, folder), join(target, folder))
      let weights = weighted.contains(folder) ? try CheckpointFiles(directory: from).names() : []
      for name in descriptions + weights {
        var status = stat()
        guard unsafe stat("\(from)/\(name)", &status) == 0 else { continue }
        try makeDirectories(folder, in: target)
        try duplicate(file: "\(from)/\(name)", byteCount: Int(status.st_size), as: "\(to)/\(name)")
      }
    }
  }

  private static func join(_ directory: String, _ folder: String) -> String {
    folder.isEmpty ? directory : "\(directory)/\(folder)"
  }

  /// Makes `folder`, which may have several levels, in `directory`.
  private static func makeDirectories(_ folder: String, in directory: String) throws(ModelSpecError) {
    var path = directory
    for part in folder.split(separator: "/") {
      path += "/\(part)"
      if !FilePath.exists(path) { try makeDirectory(path) }
    }
  }

  private static func makeDirectory(_ path: String) throws(ModelSpecError) {
    try ModelSpecError.wrapping(try FilePath.makeFolder(path))
  }

  /// Follows symbolic links: a model hub's cache consists of them.
  private static func duplicate(file source: String, byteCount: Int, as target: String) throws(ModelSpecError)
  {
    if byteCount > linkThreshold, unsafe linkat(AT_FDCWD, source, AT_FDCWD, target, AT_SYMLINK_FOLLOW) == 0 {
      return
    }
    let file = try ModelSpecError.wrapping(try MappedFile(path: source))
    try FileSink.write(target) { (sink) throws(ModelSpecError) in
      try unsafe file.withBytes { (bytes) throws(ModelSpecError) in try unsafe sink.write(bytes) }
    }
  }
}
