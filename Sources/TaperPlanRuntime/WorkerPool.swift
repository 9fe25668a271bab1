internal import CTaperKernels
internal import Glibc

/// Owns a fork-join pool of the C layer.
@safe struct WorkerPool: ~Copyable {
  let handle: OpaquePointer

  init(workers: Int) throws(RuntimeError) {
    guard let pool = unsafe ck_pool_create(UInt32(workers)) else {
      throw .workersUnavailable(threads: workers, errno: errno)
    }
    unsafe handle = pool
  }

  deinit { unsafe ck_pool_destroy(handle) }
}
