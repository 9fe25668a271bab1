#if hasFeature(Embedded)  // Embedded Swift has no C library.
  enum SystemCall {
    static func text(_ code: Int32) -> String { "error \(code)" }
  }
#else
  #if canImport(Glibc)
    internal import Glibc
  #elseif canImport(Musl)
    internal import Musl
  #endif

  /// System calls as every caller wants them: an interrupted one is made again.
  package enum SystemCall {
    /// The system's words for an errno value.
    package static func text(_ code: Int32) -> String {
      guard let text = unsafe strerror(code) else { return "error \(code)" }
      return unsafe String(cString: text)
    }

    /// Fills the beginning of `buffer`; the number of bytes read, 0 at the end, −1 when errno says what failed.
    package static func read(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Int {
      while true {
        let count = unsafe systemRead(descriptor, buffer.baseAddress, buffer.count)
        if count >= 0 || errno != EINTR { return count }
      }
    }

    /// Writes all of `bytes`; 0, or errno of the write that failed.
    package static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32 {
      guard let base = bytes.baseAddress else { return 0 }
      var done = 0
      while done < bytes.count {
        // Safe: done < bytes.count, and the buffer is the caller's for the length of this call.
        let written = unsafe systemWrite(descriptor, base + done, bytes.count - done)
        if written >= 0 {
          done += written
        } else if errno != EINTR {
          return errno
        }
      }
      return 0
    }

    package static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
      unsafe bytes.withUnsafeBytes { unsafe write($0, to: descriptor) }
    }
  }

  private func systemRead(_ descriptor: Int32, _ bytes: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    unsafe read(descriptor, bytes, count)
  }

  private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
    unsafe write(descriptor, bytes, count)
  }
#endif
