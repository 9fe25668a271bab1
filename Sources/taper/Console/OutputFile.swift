import Glibc
import TaperPlanFormat

/// Files written whole or not at all.
enum OutputFile {
  /// Writes `text` to a temporary file beside `path` and renames it.
  static func write(_ text: String, to path: String) throws {
    let temporary = path + ".tmp"
    guard let file = unsafe fopen(temporary, "w") else {
      throw CommandError.unwritable(path: path, reason: reason())
    }
    var bytes = Array(text.utf8)
    let written = unsafe fwrite(&bytes, 1, bytes.count, file)
    let closed = unsafe fclose(file)
    guard written == bytes.count, closed == 0, unsafe rename(temporary, path) == 0 else {
      let why = reason()
      unsafe unlink(temporary)
      throw CommandError.unwritable(path: path, reason: why)
    }
  }

  /// Makes a folder that may be there already; the one it lies in must be.
  static func makeFolder(_ path: String) throws {
    if unsafe mkdir(path, 0o777) == 0 { return }
    guard errno == EEXIST, let folder = unsafe opendir(path) else {
      throw CommandError.unwritable(path: path, reason: reason())
    }
    unsafe closedir(folder)
  }

  private static func reason() -> String { unsafe String(cString: strerror(errno)) }
}
