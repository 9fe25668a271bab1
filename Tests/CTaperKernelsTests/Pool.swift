import CTaperKernels

/// Owns a ck_pool. `@safe`: the pointer never leaves but for the calls below.
@safe final class Pool {
  struct NotCreated: Error {}

  private let pool: OpaquePointer
  let workers: Int

  init(workers: Int) throws {
    guard let pool = unsafe ck_pool_create(UInt32(workers)) else { throw NotCreated() }
    unsafe self.pool = pool
    self.workers = unsafe Int(ck_pool_workers(pool))
  }

  deinit { unsafe ck_pool_destroy(pool) }

  func run(_ driver: ck_driver, _ op: inout ck_op, tasks: Int) {
    unsafe ck_pool_run(pool, driver, &op, UInt32(tasks))
  }
}
