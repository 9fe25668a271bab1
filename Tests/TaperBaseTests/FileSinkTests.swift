import Glibc
import TaperBase
import TestSupport
import Testing

/// A file is replaced whole or not at all, and only a file is.
struct FileSinkTests {
  private let directory = TemporaryDirectory()

  private func path(_ name: String) -> String { directory.path + "/" + name }

  private func type(of path: String) -> mode_t? {
    var status = stat()
    return unsafe lstat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
  }

  @Test func writesNewFilesAndReplacesOldOnes() throws {
    for text in ["old", "", "new"] {
      try WholeFile.write(text, to: path("a"))
      #expect(try WholeFile.read(path("a")) == Array(text.utf8))
      #expect(TemporaryDirectory.entries(directory.path) == ["a"])
    }
  }

  @Test func anErrorLeavesTheOldFileAndNothingElse() throws {
    directory.write("a", "old")
    let failure = FileError.tooLarge(path: "", limit: 0)
    #expect(throws: failure) {
      try FileSink.write(path("a")) { (sink) throws(FileError) in
        try sink.write(Array("new".utf8))
        throw failure
      }
    }
    #expect(try WholeFile.read(path("a")) == Array("old".utf8))
    #expect(TemporaryDirectory.entries(directory.path) == ["a"])
  }

  @Test func aFolderThatIsNotThereIsNamed() {
    let missing = path("no/a")
    #expect(throws: FileError.system(path: missing, .create, errno: ENOENT)) {
      try WholeFile.write("", to: missing)
    }
  }

  @Test(arguments: ["folder", "pipe", "link to the folder"])
  func whatIsNoFileIsRefused(_ name: String) throws {
    try FilePath.makeFolder(path("folder"))
    #expect(unsafe mkfifo(path("pipe"), 0o644) == 0)
    #expect(unsafe symlink("folder", path("link to the folder")) == 0)
    try expectRefused(path(name), among: 3)
  }

  /// As root a rename would put a file in the place of a device. The node is the test's own: were it /dev/null, a
  /// failure would take it from the machine.
  @Test(
    .enabled(if: canMakeDevices, "making a device node needs root"),
    arguments: ["device", "link to the device"])
  func aDeviceIsRefused(_ name: String) throws {
    #expect(Self.makeDevice(path("device")))
    #expect(unsafe symlink("device", path("link to the device")) == 0)
    try expectRefused(path(name), among: 2)
  }

  private func expectRefused(_ target: String, among entries: Int) throws {
    let before = type(of: target)
    #expect(throws: FileError.notRegularFile(path: target)) { try WholeFile.write("text", to: target) }
    #expect(type(of: target) == before)
    #expect(TemporaryDirectory.entries(directory.path).count == entries)
  }

  private static let canMakeDevices = makeDevice(TemporaryDirectory().path + "/device")

  /// Another node of the null device (1:3).
  private static func makeDevice(_ path: String) -> Bool {
    unsafe mknod(path, S_IFCHR | 0o644, 1 << 8 | 3) == 0
  }

  @Test func aLinkStaysAndItsFileIsReplaced() throws {
    try FilePath.makeFolder(path("folder"))
    directory.write("folder/a", "old")
    #expect(unsafe symlink("folder/a", path("link")) == 0)
    try WholeFile.write("new", to: path("link"))
    #expect(type(of: path("link")) == S_IFLNK)
    #expect(try WholeFile.read(path("folder/a")) == Array("new".utf8))
    #expect(TemporaryDirectory.entries(path("folder")) == ["a"])
  }

  @Test func aLinkToNothingIsRefused() {
    #expect(unsafe symlink("nothing", path("link")) == 0)
    #expect(throws: FileError.system(path: path("link"), .examine, errno: ENOENT)) {
      try WholeFile.write("text", to: path("link"))
    }
  }

  @Test func aFolderIsThereWholeOrNotAtAll() throws {
    try FolderSink.write(path("whole")) { (folder) throws(FileError) in
      try WholeFile.write("text", to: folder + "/a")
    }
    #expect(TemporaryDirectory.entries(path("whole")) == ["a"])
    let failure = FileError.notRegularFile(path: "")
    #expect(throws: failure) {
      try FolderSink.write(path("half")) { (folder) throws(FileError) in
        try FilePath.makeFolder(folder + "/b")
        try WholeFile.write("text", to: folder + "/b/c")
        throw failure
      }
    }
    #expect(throws: FileError.system(path: path("whole"), .rename, errno: ENOTEMPTY)) {
      try FolderSink.write(path("whole")) { (_) throws(FileError) in }
    }
    #expect(TemporaryDirectory.entries(directory.path) == ["whole"])
  }

  @Test func readingRefusesWhatIsTooLargeOrNoFile() {
    let file = directory.write("a", "12345")
    #expect(throws: FileError.tooLarge(path: file, limit: 4)) { try WholeFile.read(file, limit: 4) }
    #expect(throws: FileError.notRegularFile(path: "/dev/null")) {
      try WholeFile.read("/dev/null", regularOnly: true)
    }
    #expect(throws: FileError.system(path: directory.path, .read, errno: EISDIR)) {
      try WholeFile.read(directory.path)
    }
    #expect(throws: FileError.notRegularFile(path: directory.path)) { try MappedFile(path: directory.path) }
  }
}
