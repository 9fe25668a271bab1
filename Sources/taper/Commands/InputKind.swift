import Glibc

/// What a command can be given to read. What is not there at all, or is of another kind, was named wrongly (exit 64);
/// what is wrong inside is the reader's to tell (exit 65).
enum InputKind {
  case model
  case calibration
  case deviceProfile
  case plan
  case texts
  /// A plan, or an audit as JSON or HTML.
  case comparable
  /// One of the first four.
  case any

  /// - Throws: `CommandError.missing`, `wrongKind` or `unreadable`.
  func require(_ path: String) throws {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else {
      guard errno == ENOENT || errno == ENOTDIR else { throw CommandError.unreadable(path: path) }
      throw CommandError.missing(
        path: path, isDirectory: isDirectory ?? false, expected: name, remedy: remedy)
    }
    if let isDirectory, (status.st_mode & S_IFMT == S_IFDIR) != isDirectory {
      throw CommandError.wrongKind(
        path: path, expected: name, found: isDirectory ? "a file" : "a directory", remedy: remedy)
    }
    guard unsafe access(path, R_OK) == 0 else { throw CommandError.unreadable(path: path) }
  }

  private var isDirectory: Bool? {
    switch self {
    case .model, .calibration: true
    case .deviceProfile, .plan, .texts, .comparable: false
    case .any: nil
    }
  }

  private var name: String {
    switch self {
    case .model: "a model directory or a graph (.onnx, .xml)"
    case .calibration: "a calibration (a directory)"
    case .deviceProfile: "a device profile"
    case .plan: "a plan"
    case .texts: "a file of texts"
    case .comparable: "a plan or an audit"
    case .any: "a model directory, a plan, a device profile or a calibration"
    }
  }

  private var remedy: String {
    switch self {
    case .model:
      "name a Hugging Face directory with config.json, the weights and the tokenizer, or a graph beside them"
    case .calibration: "make one with taper calibrate"
    case .deviceProfile: "make one with taper profile"
    case .plan: "make one with taper plan"
    case .comparable: "make one with taper plan or taper audit --json"
    case .texts: "name a .jsonl, .csv, .tsv or .tab file"
    case .any: "name one of them"
    }
  }
}
