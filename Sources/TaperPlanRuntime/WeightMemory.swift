internal import Glibc
internal import TaperBase
internal import TaperPlanFormat

/// Read-only memory that holds a file's bytes, a copy of given bytes, or another owner's bytes until it is released.
///
/// - Note: `@unchecked Sendable` holds because the pointer is set once in `init` and the bytes are never written after.
@safe final class WeightMemory: @unchecked Sendable {
  /// All bytes of the file, the copy or the owner.
  let bytes: UnsafeRawBufferPointer
  private let isMappedFile: Bool
  /// Keeps the bytes; nil for a copy, which is freed here.
  private let owner: (any AnyObject & Sendable)?

  /// Maps a file read-only.
  init(mapping path: String) throws(FileError) {
    let file = try MappedFile(path: path)
    (isMappedFile, owner) = (true, file)
    unsafe bytes = unsafe file.bytes
  }

  /// Copies bytes to memory aligned like a mapped file's.
  init(copying source: [UInt8]) {
    (isMappedFile, owner) = (false, nil)
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(source.count, 1), alignment: 4096)
    unsafe source.withUnsafeBytes { unsafe copy.copyMemory(from: $0) }
    unsafe bytes = UnsafeRawBufferPointer(rebasing: unsafe UnsafeRawBufferPointer(copy)[..<source.count])
  }

  /// Bytes that `owner` keeps where they are, unchanged.
  init(_ bytes: UnsafeRawBufferPointer, heldBy owner: any AnyObject & Sendable) {
    isMappedFile = false
    self.owner = owner
    unsafe self.bytes = bytes
  }

  /// Asks the kernel to read the mapped range ahead, in huge pages where its file system has them; with `residency` to
  /// do it now and to keep it.
  func prepare(_ range: Range<Int>, _ residency: WeightResidency) throws(RuntimeError) {
    guard let (start, count) = unsafe pages(range) else { return }
    unsafe _ = madvise(start, count, MADV_HUGEPAGE)
    unsafe _ = madvise(start, count, MADV_WILLNEED)
    // Linux 5.14; before it, the pages are read ahead all the same, only not waited for.
    if residency.contains(.prefault) { unsafe _ = madvise(start, count, Self.populateRead) }
    if residency.contains(.lock), unsafe mlock(start, count) != 0 {
      throw .cannotLock(byteCount: count, errno: errno)
    }
  }

  /// Pages of the range that are in memory now, of so many; all of a copy's.
  func residentPages(_ range: Range<Int>) -> (inMemory: Int, total: Int) {
    guard let (start, count) = unsafe pages(range) else { return (0, 0) }
    var states = [UInt8](repeating: 0, count: (count + Self.pageSize - 1) / Self.pageSize)
    guard unsafe mincore(start, count, &states) == 0 else { return (0, states.count) }
    return (states.count { $0 & 1 == 1 }, states.count)
  }

  private static let pageSize = 4096
  /// Not in Glibc's headers everywhere.
  private static let populateRead: Int32 = 22
  /// The mapped range from its first page on; nil when nothing is mapped there.
  private func pages(_ range: Range<Int>) -> (start: UnsafeMutableRawPointer, count: Int)? {
    guard isMappedFile, !range.isEmpty, let base = unsafe bytes.baseAddress else { return nil }
    let page = range.lowerBound & ~(Self.pageSize - 1)
    return unsafe (UnsafeMutableRawPointer(mutating: base + page), range.upperBound - page)
  }

  deinit {
    if owner == nil { unsafe bytes.deallocate() }
  }
}
