import Glibc

/// A whole file, mapped read-only and private.
///
/// @unchecked Sendable: the pages are never written through the mapping, and the pointer lives exactly as long as the
/// object. Shortening a mapped file from outside faults; like every mapping reader, we ask for files that stay put.
@safe package final class MappedFile: @unchecked Sendable {
  package let path: String
  private let base: UnsafeMutableRawPointer?
  package let count: Int

  package init(path: String) throws(ModelSpecError) {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(path: path, operation: "open", code: errno) }
    defer { _ = close(descriptor) }
    count = try FileAccess.regularFileSize(descriptor, path: path)
    self.path = path
    if count == 0 {
      unsafe base = nil
      return
    }
    let mapped = unsafe mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard unsafe mapped != MAP_FAILED else { throw .system(path: path, operation: "map", code: errno) }
    unsafe base = mapped
  }

  deinit {
    if let base = unsafe base { _ = unsafe munmap(base, count) }
  }

  /// The file's bytes; valid only inside `body`.
  package func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let bytes = unsafe UnsafeRawBufferPointer(start: base, count: count)
    defer { withExtendedLifetime(self) {} }
    return try unsafe body(bytes)
  }
}
