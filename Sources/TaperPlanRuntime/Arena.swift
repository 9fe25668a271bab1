internal import Glibc
internal import TaperPlanFormat

/// The one allocation that holds every buffer of a session: page-aligned, zeroed, and mapped at once so that no run has
/// page faults.
@safe struct Arena: ~Copyable {
  let base: UnsafeMutableRawPointer
  private let byteCount: Int

  init(byteCount: Bytes) throws(RuntimeError) {
    guard let count = Int(exactly: byteCount.rawValue) else {
      throw .arenaTooLarge(needed: byteCount, errno: ENOMEM)
    }
    let size = max(count, 1)
    // MAP_POPULATE maps the pages now, so that a shortage of memory shows here and not in a run.
    let start = unsafe mmap(
      nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0)
    guard let start = unsafe start, unsafe start != UnsafeMutableRawPointer(bitPattern: -1) else {
      throw .arenaTooLarge(needed: byteCount, errno: errno)
    }
    unsafe base = start
    self.byteCount = size
  }

  deinit { unsafe _ = munmap(base, byteCount) }
}
