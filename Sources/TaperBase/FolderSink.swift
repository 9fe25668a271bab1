#if !hasFeature(Embedded)  // Embedded Swift has no C library.
  #if canImport(Glibc)
    internal import Glibc
  #elseif canImport(Musl)
    internal import Musl
  #endif

  /// A folder being filled under a temporary name next to its final one.
  package enum FolderSink {
    /// Runs `body` with the path of a new, empty folder, then renames that folder to `path`, so that a reader finds the
    /// whole folder or none. On an error nothing is left behind.
    ///
    /// A folder in the way is replaced only when it is empty: `body` removes what it may replace, as its last act.
    /// - Parameter path: without trailing slashes.
    package static func write<Failure: FileFailure>(
      _ path: String, _ body: (String) throws(Failure) -> Void
    ) throws(Failure) {
      let temporary = "\(path).\(getpid()).tmp"
      remove(temporary)
      do throws(Failure) {
        try Failure.wrapping(try FilePath.makeFolder(temporary))
        try body(temporary)
        guard unsafe rename(temporary, path) == 0 else {
          throw .file(.system(path: path, .rename, errno: errno))
        }
      } catch {
        remove(temporary)
        throw error
      }
      FilePath.synchronizeFolder(of: path)
    }

    /// Whether `write` could begin: before work whose result could not be kept.
    package static func check<Failure: FileFailure>(
      _ path: String, failure: Failure.Type = FileError.self
    ) throws(Failure) {
      try Failure.wrapping(try FilePath.checkWritable(folderOf: path, for: path))
    }

    /// Removes a temporary folder of ours and all in it; what cannot be removed stays.
    package static func remove(_ path: String) {
      var status = stat()
      guard unsafe lstat(path, &status) == 0 else { return }
      if status.st_mode & S_IFMT == S_IFDIR {
        for name in (try? FilePath.entries(of: path)) ?? [] { remove("\(path)/\(name)") }
        unsafe rmdir(path)
      } else {
        unsafe unlink(path)
      }
    }
  }
#endif
