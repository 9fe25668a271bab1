import Glibc
public import TaperPlanFormat

/// Writes a model directory that is a base model with a fitted linear head: of the base's files those that make the
/// model (large ones hard-linked where the file system allows, small ones copied, so that editing a configuration edits
/// one model), and the head beside them (specs/models/README.md). Everything is put into a temporary directory that is
/// renamed into place, so the destination is whole or not there.
public enum ModelDirectoryWriter {
  /// - Parameters:
  ///   - base: the model whose pooled features the head was fitted on. Its own head, if any, is replaced; its pooling,
  ///     pooler and normalisation stay, and the new linear layer follows them.
  ///   - kind: classification, multiLabel or regression.
  ///   - weight: [outputs, hidden], row-major; `bias` has one element an output.
  ///   - labels: one an output; empty for regression.
  ///   - destination: must not exist.
  /// - Throws: `destinationExists`, `system`.
  public static func write(
    base: ModelSpec, kind: HeadKind = .classification, weight: [Float], bias: [Float], labels: [String],
    to destination: String
  ) throws(ModelSpecError) {
    let hidden = Int(base.shape.hidden)
    precondition(kind != .embedding, "a fitted head classifies or regresses")
    precondition(!bias.isEmpty && weight.count == bias.count * hidden, "weight is [outputs, hidden]")
    precondition(labels.count == (kind == .regression ? 0 : bias.count), "one label an output")
    let target = trimmed(destination)
    guard !FileAccess.exists(target) else { throw .destinationExists(path: target) }
    let temporary = "\(target).tmp-\(getpid())"
    removeTree(temporary)
    do throws(ModelSpecError) {
      try duplicate(trimmed(base.directory), as: temporary)
      var spec = base.head
      spec.kind = kind
      spec.labels = labels
      spec.outputWidth = bias.count
      spec.hasLinear = true
      try FileAccess.writeAtomically(
        "\(temporary)/\(FittedHead.descriptionName)", text: FittedHead.description(spec, width: hidden))
      var writer = SafetensorsWriter()
      writer.add(FittedHead.weightTensor, shape: [bias.count, hidden], values: weight)
      writer.add(FittedHead.biasTensor, shape: [bias.count], values: bias)
      try writer.write(to: "\(temporary)/\(FittedHead.weightsName)")
      guard unsafe rename(temporary, target) == 0 else {
        throw .system(path: target, operation: "rename into place", code: errno)
      }
    } catch {
      removeTree(temporary)
      throw error
    }
  }

  /// Files larger than this are linked: weights, not configurations.
  private static let linkThreshold = 4 << 20

  private static func trimmed(_ path: String) -> String {
    var path = path
    while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
    return path
  }

  /// What tells a Hugging Face or sentence-transformers loader about a model, beside the weights. An earlier fitted
  /// head is not among them, nor are READMEs, other frameworks' weights and what else a hub's directory gathers.
  private static let descriptions = [
    "config.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json",
    "added_tokens.json", "modules.json", "sentence_bert_config.json", "config_sentence_transformers.json",
  ]

  private static func duplicate(_ source: String, as target: String) throws(ModelSpecError) {
    try makeDirectory(target)
    let modules = try SentenceModules(directory: source)
    let transformer = modules?.transformerFolder ?? ""
    for folder in Set(["", transformer] + (modules?.folders ?? [])).sorted() {
      let (from, to) = (join(source, folder), join(target, folder))
      let weights = folder == transformer ? try CheckpointFiles(directory: from).names() : []
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

  /// Makes `folder` of `directory`, which may be several deep.
  private static func makeDirectories(_ folder: String, in directory: String) throws(ModelSpecError) {
    var path = directory
    for part in folder.split(separator: "/") {
      path += "/\(part)"
      if !FileAccess.exists(path) { try makeDirectory(path) }
    }
  }

  private static func makeDirectory(_ path: String) throws(ModelSpecError) {
    guard unsafe mkdir(path, 0o755) == 0 else {
      throw .system(path: path, operation: "create", code: errno)
    }
  }

  /// Symbolic links (a model hub's cache is made of them) are followed.
  private static func duplicate(file source: String, byteCount: Int, as target: String) throws(ModelSpecError)
  {
    if byteCount > linkThreshold, unsafe linkat(AT_FDCWD, source, AT_FDCWD, target, AT_SYMLINK_FOLLOW) == 0 {
      return
    }
    let file = try MappedFile(path: source)
    try FileAccess.writeAtomically(target) { (descriptor) throws(ModelSpecError) in
      try unsafe file.withBytes { (bytes) throws(ModelSpecError) in
        try unsafe FileAccess.write(bytes, to: descriptor, path: target)
      }
    }
  }

  /// Names in a directory, sorted, without "." and "..".
  private static func entries(of path: String) throws(ModelSpecError) -> [String] {
    guard let directory = unsafe opendir(path) else {
      throw .system(path: path, operation: "list", code: errno)
    }
    defer { _ = unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
        unsafe String(cString: $0.bindMemory(to: CChar.self).baseAddress!)
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Removes our own temporary directory; what cannot be removed stays.
  private static func removeTree(_ path: String) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return }
    if status.st_mode & S_IFMT == S_IFDIR {
      for name in (try? entries(of: path)) ?? [] { removeTree("\(path)/\(name)") }
      _ = unsafe rmdir(path)
    } else {
      _ = unsafe unlink(path)
    }
  }
}
