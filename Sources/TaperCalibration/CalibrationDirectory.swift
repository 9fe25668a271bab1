import Glibc
import TaperBase

/// A calibration on disk: a directory of calibration.json and reference.safetensors.
///
/// Saving fills a temporary directory and renames it into place, so a reader finds a whole calibration or none. It
/// replaces an earlier calibration and refuses to replace anything else.
enum CalibrationDirectory {
  static let jsonName = "calibration.json"
  static let referenceName = "reference.safetensors"
  /// The largest files that are read.
  static let maximumJSONByteCount = 64 << 20
  static let maximumReferenceByteCount = 8 << 30

  static func load(_ path: String) throws(CalibrationError) -> Calibration {
    try CalibrationDecoder.decode(
      json: read(path + "/" + jsonName, limit: maximumJSONByteCount),
      reference: read(path + "/" + referenceName, limit: maximumReferenceByteCount), path: path)
  }

  static func save(_ calibration: Calibration, to path: String) throws(CalibrationError) {
    let path = FilePath.withoutTrailingSlashes(path)
    guard try mayReplace(path) else { throw .wouldOverwrite(path: path) }
    let encoded = CalibrationCodec.encode(calibration)
    try FolderSink.write(path) { (folder) throws(CalibrationError) in
      for (name, bytes) in [(referenceName, encoded.reference), (jsonName, encoded.json)] {
        try FileSink.write("\(folder)/\(name)") { (sink) throws(CalibrationError) in try sink.write(bytes) }
      }
      remove(path)
    }
  }

  /// Whether nothing is there, or a directory of nothing but a calibration's files.
  private static func mayReplace(_ path: String) throws(CalibrationError) -> Bool {
    do throws(FileError) {
      return Set([jsonName, referenceName]).isSuperset(of: try FilePath.entries(of: path))
    } catch .system(_, _, ENOENT) {
      return true
    } catch .system(_, _, ENOTDIR) {
      return false
    } catch {
      throw .file(error)
    }
  }

  /// Removes a calibration's files and their directory, as far as they are there.
  private static func remove(_ path: String) {
    unsafe unlink(path + "/" + jsonName)
    unsafe unlink(path + "/" + referenceName)
    unsafe rmdir(path)
  }

  private static func read(_ path: String, limit: Int) throws(CalibrationError) -> [UInt8] {
    try CalibrationError.wrapping(try WholeFile.read(path, limit: limit, regularOnly: true))
  }
}

extension Calibration {
  /// Reads a calibration's directory.
  ///
  /// - Throws: when files cannot be read, are malformed, or do not belong together.
  public static func load(directory: String) throws(CalibrationError) -> Calibration {
    try CalibrationDirectory.load(directory)
  }

  /// Writes the calibration as a directory; an earlier calibration there is replaced.
  public func save(directory: String) throws(CalibrationError) {
    try CalibrationDirectory.save(self, to: directory)
  }
}
