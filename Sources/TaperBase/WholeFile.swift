#if !hasFeature(Embedded)  // Embedded Swift has no C library.
  #if canImport(Glibc)
    internal import Glibc
  #elseif canImport(Musl)
    internal import Musl
  #endif

  /// Files read and written in one call.
  package enum WholeFile {
    /// All bytes of a file, of at most `limit`.
    /// - Parameter regularOnly: refuses what is no regular file; otherwise a pipe is read to its end.
    package static func read(
      _ path: String, limit: Int = .max, regularOnly: Bool = false
    ) throws(FileError) -> [UInt8] {
      let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw .system(path: path, .open, errno: errno) }
      defer { close(descriptor) }
      let size = try FilePath.regularFileSize(descriptor, path: path)
      if size == nil, regularOnly { throw .notRegularFile(path: path) }
      guard size ?? 0 <= limit else { throw .tooLarge(path: path, limit: limit) }
      var bytes: [UInt8] = []
      bytes.reserveCapacity(size ?? 0)
      var chunk = [UInt8](repeating: 0, count: 1 << 16)
      while true {
        let count = unsafe chunk.withUnsafeMutableBytes { unsafe SystemCall.read(descriptor, into: $0) }
        guard count >= 0 else { throw .system(path: path, .read, errno: errno) }
        guard count > 0 else { return bytes }
        guard count <= limit - bytes.count else { throw .tooLarge(path: path, limit: limit) }
        bytes += chunk[..<count]
      }
    }

    /// Puts a file of `text` in the place of what was there, as `FileSink` does.
    package static func write(_ text: String, to path: String) throws(FileError) {
      try FileSink.write(path) { (sink) throws(FileError) in try sink.write(Array(text.utf8)) }
    }
  }
#endif
