import TaperBase

/// Where a command is going to write.
enum Outputs {
  /// Refuses what could not be written later, before minutes of work are done for it.
  static func check(files: [String?] = [], folders: [String] = []) throws {
    for file in files.compactMap(\.self) { try FileSink<FileError>.check(file) }
    for folder in folders { try FolderSink.check(FilePath.withoutTrailingSlashes(folder)) }
  }
}
