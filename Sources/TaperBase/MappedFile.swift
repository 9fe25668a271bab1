#if !hasFeature(Embedded)  // Embedded Swift has no C library.
  #if canImport(Glibc)
    internal import Glibc
  #elseif canImport(Musl)
    internal import Musl
  #endif

  /// A whole regular file, mapped read-only and private.
  ///
  /// A mapped file must not be truncated while it is in use: the kernel then ends the process with SIGBUS. Replace a
  /// file by renaming a new one into place (`FileSink`), never by writing over it.
  ///
  /// @unchecked Sendable: the pointer is set once in `init`, lives as long as the object, and nothing is ever written
  /// through it.
  @safe package final class MappedFile: @unchecked Sendable {
    package let path: String
    /// All bytes of the file; valid as long as the object lives.
    @unsafe package let bytes: UnsafeRawBufferPointer

    package init(path: String) throws(FileError) {
      let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw .system(path: path, .open, errno: errno) }
      defer { close(descriptor) }
      guard let count = try FilePath.regularFileSize(descriptor, path: path) else {
        throw .notRegularFile(path: path)
      }
      self.path = path
      guard count > 0 else {  // An empty file cannot be mapped; the reader says what is wrong with it.
        unsafe bytes = UnsafeRawBufferPointer(start: nil, count: 0)
        return
      }
      let start = unsafe mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
      guard let start = unsafe start, unsafe start != UnsafeMutableRawPointer(bitPattern: -1) else {
        throw .system(path: path, .map, errno: errno)
      }
      unsafe bytes = UnsafeRawBufferPointer(start: start, count: count)
    }

    package var count: Int { unsafe bytes.count }

    deinit {
      if let base = unsafe bytes.baseAddress {
        unsafe _ = munmap(UnsafeMutableRawPointer(mutating: base), count)
      }
    }

    /// The file's bytes; valid only inside `body`.
    package func withBytes<Result, Failure: Error>(
      _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
      defer { withExtendedLifetime(self) {} }
      return try unsafe body(bytes)
    }
  }
#endif
