#if !hasFeature(Embedded)  // Embedded Swift has no C library.
  #if canImport(Glibc)
    internal import Glibc
  #elseif canImport(Musl)
    internal import Musl
  #endif

  /// What a path's text says, and what is there.
  package enum FilePath {
    /// The last component, without trailing slashes.
    package static func name(_ path: String) -> String {
      path.split(separator: "/", omittingEmptySubsequences: true).last.map(String.init) ?? path
    }

    /// The folder that the last component lies in; "." for a bare name.
    package static func folder(of path: String) -> String {
      guard let slash = path.utf8.lastIndex(of: 0x2F) else { return "." }
      return slash == path.utf8.startIndex ? "/" : String(decoding: path.utf8[..<slash], as: UTF8.self)
    }

    /// The path of another file in the same folder.
    package static func sibling(of path: String, named name: String) -> String {
      guard let slash = path.utf8.lastIndex(of: 0x2F) else { return name }
      return String(decoding: path.utf8[...slash], as: UTF8.self) + name
    }

    package static func withoutTrailingSlashes(_ path: String) -> String {
      var bytes = path.utf8[...]
      while bytes.count > 1, bytes.last == 0x2F { bytes.removeLast() }
      return String(decoding: bytes, as: UTF8.self)
    }

    package static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// Names in a folder, sorted, without "." and "..".
    package static func entries(of path: String) throws(FileError) -> [String] {
      guard let folder = unsafe opendir(path) else { throw .system(path: path, .list, errno: errno) }
      defer { unsafe closedir(folder) }
      var names: [String] = []
      while let entry = unsafe readdir(folder) {
        let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
          unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != "." && name != ".." { names.append(name) }
      }
      return names.sorted()
    }

    /// Whether a path, its links followed, lies in a folder or below it.
    package static func isInside(_ path: String, folder: String) -> Bool {
      guard let inner = unsafe realpath(path, nil), let outer = unsafe realpath(folder, nil) else {
        return false
      }
      defer {
        unsafe free(inner)
        unsafe free(outer)
      }
      let root = unsafe String(cString: outer)
      return unsafe String(cString: inner).hasPrefix(root == "/" ? root : root + "/")
    }

    /// Refuses an output whose folder cannot take it.
    static func checkWritable(folderOf target: String, for path: String) throws(FileError) {
      guard unsafe access(folder(of: target), W_OK | X_OK) == 0 else {
        throw .system(path: path, .create, errno: errno)
      }
    }

    /// - Throws: `FileError.system` also when it is there already.
    package static func makeFolder(_ path: String) throws(FileError) {
      guard unsafe mkdir(path, 0o755) == 0 else { throw .system(path: path, .create, errno: errno) }
    }

    /// Writes the names in the folder of `path` to disk, as after a rename; best effort, since some file systems cannot
    /// open a folder.
    static func synchronizeFolder(of path: String) {
      let descriptor = unsafe open(folder(of: path), O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { return }
      fsync(descriptor)
      close(descriptor)
    }

    /// The size of an open file when it is a regular one, nil when it is none.
    static func regularFileSize(_ descriptor: Int32, path: String) throws(FileError) -> Int? {
      var status = stat()
      guard unsafe fstat(descriptor, &status) == 0 else {
        throw .system(path: path, .examine, errno: errno)
      }
      return status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
    }
  }
#endif
