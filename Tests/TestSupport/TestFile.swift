import Glibc

/// Files that tests read: fixtures beside the test's source, and what the code under test wrote.
public enum TestFile {
  /// The path of Fixtures/`name` beside the source file that asks.
  public static func fixture(_ name: String, beside source: String = #filePath) -> String {
    // Without "..", which the file system follows only through folders that are there.
    var parts: [Substring] = []
    for part in "\(source)/../Fixtures/\(name)".split(separator: "/") {
      if part == ".." { parts.removeLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
  }

  /// Names of the files in Fixtures/`folder` beside the source file that asks, sorted.
  public static func names(inFixture folder: String, beside source: String = #filePath) -> [String] {
    TemporaryDirectory.entries(fixture(folder, beside: source))
  }

  /// A whole file; stops the test run when it is not there, for a missing fixture is our own mistake.
  public static func bytes(_ path: String) -> [UInt8] {
    guard let file = unsafe fopen(path, "rb") else { preconditionFailure("cannot read \(path)") }
    defer { _ = unsafe fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe fread(&chunk, 1, chunk.count, file)
      guard count > 0 else { return bytes }
      bytes += chunk[..<count]
    }
  }

  public static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }
}
