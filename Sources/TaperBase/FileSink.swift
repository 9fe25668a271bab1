#if !hasFeature(Embedded)  // Embedded Swift has no C library.
  #if canImport(Glibc)
    internal import Glibc
  #elseif canImport(Musl)
    internal import Musl
  #endif

  /// A file being written under a temporary name in the folder of the one it will replace.
  package struct FileSink<Failure: FileFailure> {
    private let path: String
    private let descriptor: Int32

    /// Runs `body` on a temporary file, flushes it to disk and renames it to `path`, so that a reader sees the old file
    /// or the whole new one. On an error nothing is left behind.
    ///
    /// A symbolic link is followed, and the file it names is replaced. What exists and is no regular file is refused: a
    /// rename would put a file in the place of a device.
    package static func write(
      _ path: String, _ body: (FileSink) throws(Failure) -> Void
    ) throws(Failure) {
      let target = try Failure.wrapping(try resolve(path))
      try write(path, temporary: "\(target).\(getpid()).tmp") { (sink) throws(Failure) in
        try body(sink)
        return target
      }
    }

    /// Whether `write` could begin: before work whose result could not be kept.
    package static func check(_ path: String) throws(Failure) {
      let target = try Failure.wrapping(try resolve(path))
      try Failure.wrapping(try FilePath.checkWritable(folderOf: target, for: path))
    }

    /// The same for a file in `folder` whose name is known when its content is: `body` returns it. Returns the path.
    package static func write(
      inFolder folder: String, _ body: (FileSink) throws(Failure) -> String
    ) throws(Failure) -> String {
      var path = folder
      try write(folder, temporary: "\(folder)/\(getpid()).tmp") { (sink) throws(Failure) in
        path = folder + "/" + (try body(sink))
        return try Failure.wrapping(try resolve(path))
      }
      return path
    }

    /// - Parameters:
    ///   - path: for errors.
    ///   - body: returns the path that the temporary file is renamed to.
    private static func write(
      _ path: String, temporary: String, _ body: (FileSink) throws(Failure) -> String
    ) throws(Failure) {
      unsafe unlink(temporary)
      let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
      guard descriptor >= 0 else { throw failure(path, .create) }
      let target: String
      do throws(Failure) {
        defer { close(descriptor) }
        target = try body(FileSink(path: path, descriptor: descriptor))
        guard fsync(descriptor) == 0 else { throw failure(path, .synchronize) }
        guard unsafe rename(temporary, target) == 0 else { throw failure(path, .rename) }
      } catch {
        unsafe unlink(temporary)
        throw error
      }
      FilePath.synchronizeFolder(of: target)
    }

    package func write(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
      let code = unsafe SystemCall.write(bytes, to: descriptor)
      guard code == 0 else { throw .file(.system(path: path, .write, errno: code)) }
    }

    package func write(_ bytes: [UInt8]) throws(Failure) {
      let code = SystemCall.write(bytes, to: descriptor)
      guard code == 0 else { throw .file(.system(path: path, .write, errno: code)) }
    }

    /// Writes over the start of the file; nothing is appended after it.
    package func rewrite(_ bytes: [UInt8]) throws(Failure) {
      guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw Self.failure(path, .write) }
      try write(bytes)
    }

    private static func failure(_ path: String, _ operation: FileOperation) -> Failure {
      .file(.system(path: path, operation, errno: errno))
    }

    /// The path whose file is to be replaced or made.
    private static func resolve(_ path: String) throws(FileError) -> String {
      guard !path.isEmpty else { throw .system(path: "''", .create, errno: ENOENT) }
      var status = stat()
      // What cannot be examined is for the creation of the file to report: mostly, it is not there yet.
      guard unsafe lstat(path, &status) == 0 else { return path }
      if status.st_mode & S_IFMT == S_IFREG { return path }
      guard status.st_mode & S_IFMT == S_IFLNK else { throw .notRegularFile(path: path) }
      guard let resolved = unsafe realpath(path, nil) else {
        throw .system(path: path, .examine, errno: errno)
      }
      defer { unsafe free(resolved) }
      guard unsafe stat(resolved, &status) == 0 else {
        throw .system(path: path, .examine, errno: errno)
      }
      guard status.st_mode & S_IFMT == S_IFREG else { throw .notRegularFile(path: path) }
      return unsafe String(cString: resolved)
    }
  }
#endif
