import Glibc

/// A directory for one test, removed with its contents when the object goes.
public final class TemporaryDirectory: Sendable {
  public let path: String

  public init() {
    let base = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
    var template = [CChar]("\(base)/taper-test-XXXXXX".utf8CString)
    precondition(unsafe mkdtemp(&template) != nil, "cannot make a temporary directory in \(base)")
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  deinit { Self.remove(path) }

  /// Writes a file in it, in folders that are made where the name has slashes, and returns its path.
  @discardableResult
  public func write(_ name: String, _ bytes: [UInt8]) -> String {
    let file = "\(path)/\(name)"
    for slash in name.indices where name[slash] == "/" {
      _ = unsafe mkdir("\(path)/\(name[..<slash])", 0o755)
    }
    let descriptor = unsafe open(file, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    precondition(descriptor >= 0, "cannot write \(file)")
    defer { _ = close(descriptor) }
    let written = unsafe bytes.span.bytes.withUnsafeBytes {
      unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
    }
    precondition(written == bytes.count || bytes.isEmpty, "cannot write \(file)")
    return file
  }

  @discardableResult
  public func write(_ name: String, _ text: String) -> String { write(name, [UInt8](text.utf8)) }

  /// Makes a symbolic link in it.
  public func link(_ name: String, to target: String) {
    precondition(unsafe symlink(target, "\(path)/\(name)") == 0, "cannot link \(name)")
  }

  /// Removes a file in it.
  public func remove(_ name: String) { _ = unsafe unlink("\(path)/\(name)") }

  /// Names of the entries of a folder, sorted.
  public static func entries(_ path: String) -> [String] {
    guard let directory = unsafe opendir(path) else { return [] }
    defer { _ = unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        unsafe String(cString: bytes.bindMemory(to: CChar.self).baseAddress!)
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  private static func remove(_ path: String) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return }
    if status.st_mode & S_IFMT == S_IFDIR {
      for name in entries(path) { remove("\(path)/\(name)") }
      _ = unsafe rmdir(path)
    } else {
      _ = unsafe unlink(path)
    }
  }
}
