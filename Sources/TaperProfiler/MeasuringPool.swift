internal import CTaperKernels

/// Owns a fork-join pool while a measurement needs it.
@safe struct MeasuringPool: ~Copyable {
  let handle: OpaquePointer

  init(workers: Int) throws(ProfilerError) {
    guard let pool = unsafe ck_pool_create(UInt32(workers)) else {
      throw .threadsUnavailable(wanted: workers, available: Int(ck_available_cpus()))
    }
    unsafe handle = pool
  }

  deinit { unsafe ck_pool_destroy(handle) }
}
