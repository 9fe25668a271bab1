#if !hasFeature(Embedded)  // Embedded Swift has no C library to write files with.
  #if canImport(Glibc)
    internal import Glibc
  #elseif canImport(Musl)
    internal import Musl
  #endif

  /// A file being written beside the one it will replace. No Foundation: system calls only.
  struct FileSink {
    private let path: String
    private let descriptor: Int32

    /// Runs `body` on a temporary file, flushes it to disk and renames it to `path`; on an error nothing is left behind.
    static func write(
      _ path: String, _ body: (FileSink) throws(PlanFormatError) -> Void
    ) throws(PlanFormatError) {
      let temporary = path + ".\(getpid()).tmp"
      let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
      guard descriptor >= 0 else { throw failure(path, .create) }
      let sink = FileSink(path: path, descriptor: descriptor)
      do throws(PlanFormatError) {
        try body(sink)
        guard fsync(descriptor) == 0 else { throw failure(path, .synchronize) }
        guard unsafe rename(temporary, path) == 0 else { throw failure(path, .rename) }
        close(descriptor)
      } catch {
        close(descriptor)
        unsafe unlink(temporary)
        throw error
      }
      synchronizeFolder(of: path)
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(PlanFormatError) {
      guard let base = bytes.baseAddress else { return }
      var done = 0
      while done < bytes.count {
        // Safe: done < bytes.count, and the buffer is the caller's for the length of this call.
        let written = unsafe systemWrite(descriptor, base + done, bytes.count - done)
        if written > 0 {
          done += written
        } else if written < 0, errno != EINTR {
          throw FileSink.failure(path, .write)
        }
      }
    }

    func write(_ bytes: [UInt8]) throws(PlanFormatError) {
      let outcome = unsafe bytes.withUnsafeBytes { buffer -> Result<Void, PlanFormatError> in
        do throws(PlanFormatError) {
          return .success(unsafe try write(buffer))
        } catch {
          return .failure(error)
        }
      }
      try outcome.get()
    }

    private static func failure(_ path: String, _ operation: PlanFormatError.FileOperation) -> PlanFormatError
    {
      .file(path: path, operation: operation, errno: errno)
    }

    /// Makes the rename itself durable; best effort, since some file systems cannot open a folder.
    private static func synchronizeFolder(of path: String) {
      var folder = "."
      if let slash = path.utf8.lastIndex(of: 0x2F) {
        folder = slash == path.utf8.startIndex ? "/" : String(decoding: path.utf8[..<slash], as: UTF8.self)
      }
      let descriptor = unsafe open(folder, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { return }
      fsync(descriptor)
      close(descriptor)
    }
  }

  private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
    unsafe write(descriptor, bytes, count)
  }
#endif
