import Glibc
import Synchronization
import TaperBase
import TaperModelImport
import TaperModelSpec
import TaperPlanFormat
import TaperWorkflow

/// A graph that a command was given in a model directory's place: imported into a temporary folder.
///
/// Weights stay mapped when their file is gone, so the folder goes at once, unless files are to be copied from it; then
/// it goes when the command ends, also after an error.
enum ImportedModel {
  private static let folders = Mutex<[String]>([])

  /// Whether a path is a graph's.
  static func isGraph(_ path: String) -> Bool {
    var status = stat()
    guard GraphImport.isGraph(path), unsafe stat(path, &status) == 0 else { return false }
    return status.st_mode & S_IFMT == S_IFREG
  }

  /// - Parameter keepsFiles: whether the model's files are needed after it was loaded.
  static func load(_ path: String, keepsFiles: Bool) throws -> ModelSpec {
    let folder = try makeFolder()
    folders.withLock { $0.append(folder) }
    defer { if !keepsFiles { removeAll() } }
    // The model's name is the folder's.
    let target = folder + "/" + name(path)
    let summary = try GraphImporter.run(path, to: target)
    var notes: [String] = []
    if summary.areWeightsDequantised { notes.append("weights dequantised to f32") }
    if summary.leavesOutActivations { notes.append("the graph's rounding of activations left out") }
    if summary.approximatesGELU { notes.append("GELU by its tanh form, as the graph has it") }
    if summary.lacksTypes { notes.append(ImportCommand.typesNote) }
    let model = try ModelSpec.load(directory: target)
    if model.head.kind == .embedding, !summary.knowsPooling {
      notes.append(
        "neither graph nor folder names a pooling, so it is \(model.head.pooling); taper import --pooling sets it"
      )
    }
    if !notes.isEmpty { Console.note("note: \(path): \(notes.joined(separator: "; "))") }
    return model
  }

  /// Removes what was made for graphs.
  static func removeAll() {
    folders.withLock { folders in
      folders.forEach(FolderSink.remove)
      folders = []
    }
  }

  private static func makeFolder() throws(FileError) -> String {
    let base = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
    let template = FilePath.withoutTrailingSlashes(base.isEmpty ? "/tmp" : base) + "/taper-XXXXXX"
    var bytes = Array(template.utf8CString)
    let made = unsafe bytes.withUnsafeMutableBufferPointer { unsafe mkdtemp($0.baseAddress!) != nil }
    guard made else { throw .system(path: template, .create, errno: errno) }
    return String(decoding: bytes.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Of the folder that the graph is in, or above where that is "onnx" or "openvino".
  private static func name(_ path: String) -> String {
    var folder = FilePath.folder(of: path)
    if ["onnx", "openvino"].contains(FilePath.name(folder)) { folder += "/.." }
    guard let resolved = unsafe realpath(folder, nil) else { return "model" }
    defer { unsafe free(resolved) }
    let name = FilePath.name(unsafe String(cString: resolved))
    return name == "/" ? "model" : name
  }
}
