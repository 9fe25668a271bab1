import CTaperKernels
import Glibc
import Testing

/// Counts in index_out[task]; checks that the worker's number is below op.heads.
private let countTask: ck_driver = { op, task, worker in
  guard let op = unsafe op else { return }
  unsafe op.pointee.index_out[Int(task)] += worker < op.pointee.heads ? 1 : 1000
}

/// As countTask, in a task long enough for every worker to get some, and for a waiting one to fall asleep.
private let slowTask: ck_driver = { op, task, worker in
  let end = ck_now_ns() + 60_000
  while ck_now_ns() < end {}
  unsafe countTask(op, task, worker)
}

@Suite struct PoolTests {
  private func expectEveryTaskOnce(_ pool: Pool, _ tasks: Int, _ driver: ck_driver) {
    let counts = GuardedMemory([UInt32](repeating: 0, count: tasks + 1))
    var op = unsafe ck_op()
    unsafe op.index_out = counts.pointer
    unsafe op.heads = UInt32(pool.workers)
    unsafe pool.run(driver, &op, tasks: tasks)
    expect(counts.values == [UInt32](repeating: 1, count: tasks) + [0], "ran \(counts.values)")
  }

  @Test func everyTaskOnce() throws {
    try withEvery("workers", in: [1, 2, 3, 4, 7]) { workers in
      let pool = try Pool(workers: workers)
      expect(pool.workers == workers, "has \(pool.workers) workers")
      withEvery("round", in: 0..<40) { round in
        withEvery("tasks", in: [0, 1, 2, 3, 7, 8, 9, 64, 333]) { tasks in
          unsafe expectEveryTaskOnce(pool, tasks, countTask)
        }
      }
      withEvery("slow tasks", in: [2, 5, 12]) { tasks in
        unsafe expectEveryTaskOnce(pool, tasks, slowTask)
      }
    }
  }

  @Test func wakesWorkersThatSleep() throws {
    let pool = try Pool(workers: 3)
    withEvery("round", in: 0..<50) { round in
      usleep(round % 5 == 0 ? 2000 : 50)  // beyond the spinning, and about its length
      unsafe expectEveryTaskOnce(pool, 6, slowTask)
    }
  }

  @Test func severalPoolsInTurn() throws {
    let pools = try [2, 3, 4].map { try Pool(workers: $0) }
    withEvery("round", in: 0..<100) { round in
      withEvery("pool", in: pools.indices) { number in
        unsafe expectEveryTaskOnce(pools[number], 3 + 2 * number, countTask)
      }
    }
  }

  /// A task of one pool runs another pool. op.ids holds the address of the inner pools, one for each outer worker.
  @Test func nestedPools() throws {
    let nestedTask: ck_driver = { op, task, worker in
      guard let op = unsafe op else { return }
      var inner = unsafe op.pointee
      unsafe inner.index_out = op.pointee.index_out + Int(task) * 10
      unsafe inner.heads = 2
      let pools = unsafe UnsafeRawPointer(op.pointee.ids!).assumingMemoryBound(to: Unmanaged<Pool>.self)
      unsafe pools[Int(worker)].takeUnretainedValue().run(countTask, &inner, tasks: 10)
    }
    let outer = try Pool(workers: 2)
    let pools = try [Pool(workers: 2), Pool(workers: 2)]
    let addresses = unsafe pools.map { unsafe Unmanaged.passUnretained($0) }
    unsafe addresses.withUnsafeBytes { bytes in
      withEvery("round", in: 0..<50) { round in
        let counts = GuardedMemory([UInt32](repeating: 0, count: 60))
        var op = unsafe ck_op()
        unsafe op.ids = bytes.baseAddress!.assumingMemoryBound(to: UInt32.self)
        unsafe op.index_out = counts.pointer
        unsafe outer.run(nestedTask, &op, tasks: 6)
        expect(counts.values.allSatisfy { $0 == 1 }, "ran \(counts.values)")
      }
    }
    withExtendedLifetime(pools) {}
  }

  @Test func createAndDestroyAgainAndAgain() throws {
    try withEvery("round", in: 0..<100) { round in
      let pool = try Pool(workers: 1 + round % 4)
      if round % 3 > 0 { unsafe expectEveryTaskOnce(pool, round % 11, countTask) }
    }
    ck_pool_destroy(nil)
  }

  @Test func refusesNonsense() {
    #expect(throws: Pool.NotCreated.self) { try Pool(workers: 0) }
    #expect(throws: Pool.NotCreated.self) { try Pool(workers: Int(CK_POOL_MAXIMUM_WORKERS) + 1) }
    #expect(ck_available_cpus() >= 1)
    let first = ck_now_ns()
    #expect(ck_now_ns() >= first)
  }
}
