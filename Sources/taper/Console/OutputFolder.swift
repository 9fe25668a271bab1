import Glibc
import TaperBase

/// Folders for a command's outputs.
enum OutputFolder {
  /// Makes a folder that may be there already; the one it lies in must be.
  static func make(_ path: String) throws {
    do throws(FileError) {
      try FilePath.makeFolder(path)
    } catch {
      guard case .system(_, _, EEXIST) = error, (try? FilePath.entries(of: path)) != nil else { throw error }
    }
  }
}
