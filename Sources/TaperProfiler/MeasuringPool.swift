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

  /// Longest wait for a worker to wake up.
  private static let patience: UInt64 = 200_000

  /// Brings the other workers out of their sleep. In a run an op follows the last within microseconds and finds them
  /// spinning; between two samples they have gone to sleep, and waking them takes longer than a small op.
  static func rouse(_ pool: OpaquePointer, presence: UnsafeMutablePointer<UInt32>) {
    let workers = Int(unsafe ck_pool_workers(pool))
    var op = unsafe ck_op()
    unsafe op.index_out = presence
    let end = ck_now_ns() + patience
    var present = 1
    while present < workers, ck_now_ns() < end {
      for worker in 0..<workers { unsafe presence[worker] = 0 }
      unsafe ck_pool_run(pool, beThere, &op, UInt32(64 * workers))
      present = (0..<workers).count { unsafe presence[$0] == 1 }
    }
  }
}

/// A driver that says which worker ran it. A global function, not a closure: the pool's threads are C's and know no
/// isolation.
private func beThere(_ op: UnsafePointer<ck_op>?, _ task: UInt32, _ worker: UInt32) {
  unsafe op?.pointee.index_out[Int(worker)] = 1
}
