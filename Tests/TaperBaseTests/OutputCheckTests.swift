import Glibc
import TaperBase
import TestSupport
import Testing

/// What is refused before any work, for it could not be kept.
@Suite struct OutputCheckTests {
  private let folder = TemporaryDirectory()

  @Test func filesThatCanBeWritten() throws {
    try FileSink<FileError>.check(folder.path + "/new")
    try FileSink<FileError>.check(folder.write("old", "x"))
    #expect(TestFile.bytes(folder.path + "/old") == [0x78], "nothing is written")
    #expect(TemporaryDirectory.entries(folder.path) == ["old"])
  }

  @Test func whatIsNoRegularFile() {
    let pipe = folder.path + "/pipe"
    #expect(unsafe mkfifo(pipe, 0o600) == 0)
    for path in [pipe, folder.path] {
      #expect(throws: FileError.notRegularFile(path: path)) { try FileSink<FileError>.check(path) }
    }
  }

  @Test func foldersThatAreNotThere() {
    let path = folder.path + "/none/a.plan"
    #expect(throws: FileError.system(path: path, .create, errno: ENOENT)) {
      try FileSink<FileError>.check(path)
    }
    #expect(throws: FileError.system(path: path, .create, errno: ENOENT)) { try FolderSink.check(path) }
  }
}
