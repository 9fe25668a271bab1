import Glibc

/// Small files in, new files out, without Foundation.
enum FileAccess {
  static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

  /// The size of an open regular file; directories, pipes and devices are refused.
  static func regularFileSize(_ descriptor: Int32, path: String) throws(ModelSpecError) -> Int {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      throw .system(path: path, operation: "examine", code: errno)
    }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile(path: path) }
    return Int(status.st_size)
  }

  /// A whole file of at most `limit` bytes.
  static func read(_ path: String, limit: Int) throws(ModelSpecError) -> [UInt8] {
    let file = try MappedFile(path: path)
    guard file.count <= limit else { throw .fileTooLarge(path: path, byteCount: file.count, limit: limit) }
    return unsafe file.withBytes { unsafe [UInt8]($0) }
  }

  /// Writes a file under a temporary name beside it and renames it into place, so that a reader sees all or nothing.
  static func writeAtomically(_ path: String, _ body: (Int32) throws(ModelSpecError) -> Void)
    throws(ModelSpecError)
  {
    let temporary = path + ".tmp-\(getpid())"
    let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .system(path: temporary, operation: "create", code: errno) }
    do throws(ModelSpecError) {
      defer { _ = close(descriptor) }
      try body(descriptor)
      guard fsync(descriptor) == 0 else {
        throw ModelSpecError.system(path: path, operation: "flush", code: errno)
      }
    } catch {
      _ = unsafe unlink(temporary)
      throw error
    }
    guard unsafe rename(temporary, path) == 0 else {
      let code = errno
      _ = unsafe unlink(temporary)
      throw .system(path: path, operation: "rename into place", code: code)
    }
  }

  static func writeAtomically(_ path: String, text: String) throws(ModelSpecError) {
    try writeAtomically(path) { (descriptor) throws(ModelSpecError) in
      try write([UInt8](text.utf8), to: descriptor, path: path)
    }
  }

  static func write(_ bytes: [UInt8], to descriptor: Int32, path: String) throws(ModelSpecError) {
    try unsafe bytes.span.bytes.withUnsafeBytes { (bytes) throws(ModelSpecError) in
      try unsafe write(bytes, to: descriptor, path: path)
    }
  }

  static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String)
    throws(ModelSpecError)
  {
    var written = 0
    while written < bytes.count {
      let count = unsafe Glibc.write(descriptor, bytes.baseAddress! + written, bytes.count - written)
      if count < 0 {
        if errno == EINTR { continue }
        throw .system(path: path, operation: "write", code: errno)
      }
      written += count
    }
  }

  /// The last component of a path, without trailing slashes.
  static func name(_ path: String) -> String {
    path.split(separator: "/", omittingEmptySubsequences: true).last.map(String.init) ?? path
  }
}
