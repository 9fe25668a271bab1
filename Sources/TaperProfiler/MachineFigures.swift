internal import CTaperKernels
internal import Glibc
internal import TaperDeviceProfile
internal import TaperPlanFormat
internal import TaperProbe

/// Figures of the machine itself: bandwidth, compute peak and overheads.
@safe struct MachineFigures {
  let buffers: WorkBuffers
  let table: OpaquePointer

  /// FLOP per second of a large product, the fastest of a few runs.
  func computePeak(on pool: OpaquePointer, threads: Int, repeats: Int) -> UInt64 {
    let (rows, columns, depth) = (256, 512, 256)
    guard columns * depth <= buffers.ringCount, rows * columns <= buffers.activationCount else { return 1 }
    let parts = max(4, threads)
    var op = unsafe product(rows: rows, columns: columns, depth: depth, parts: parts)
    let kernel = unsafe ck_find_kernel(KernelID.gemmF32OpenBLAS.rawValue)
    var best = UInt64.max
    for _ in 0..<repeats {
      let start = ck_now_ns()
      unsafe ck_kernel_run(pool, kernel, &op)
      best = min(best, max(1, ck_now_ns() &- start))
    }
    return UInt64(2 * rows * columns * depth) * 1_000_000_000 / best
  }

  /// Bytes per second when the first `footprint` bytes of the ring are read again just after they were read. Each of
  /// `threads` tasks reads its own part, in `streams` streams.
  func bandwidth(on pool: OpaquePointer, threads: Int, streams: Int, repeats: Int, footprint: Int = .max)
    -> UInt64
  {
    unsafe rates(on: pool, threads: threads, streams: streams, repeats: repeats, footprints: [footprint])[0]
  }

  /// The same for each footprint, the median of a few. Footprints take turns, so that a slow phase affects all alike.
  func rates(
    on pool: OpaquePointer, threads: Int, streams: Int, repeats: Int, footprints: [Int]
  ) -> [UInt64] {
    // Elements of one stream of one task.
    let counts = footprints.map {
      min(buffers.ringCount, $0 / 4) / threads / streams / MemoryReader.step * MemoryReader.step
    }
    var times = [[UInt64]](repeating: [], count: counts.count)
    for _ in 0..<repeats {
      for (place, count) in counts.enumerated() {
        // The first few reads are warm-up: caches adapt slowly to what is read again.
        for number in 0..<6 {
          let start = ck_now_ns()
          unsafe MemoryReader.read(
            UnsafePointer(buffers.ring), count: count, streams: streams, tasks: threads,
            sink: buffers.activations[4], on: pool)
          if number > 3 { times[place].append(max(1, ck_now_ns() &- start)) }
        }
      }
    }
    return zip(counts, times).map { count, times in
      max(1, UInt64(count * streams * threads * 4) * 1_000_000_000 / TimeDistribution(times).p50.rawValue)
    }
  }

  /// Fork-join time of an empty op with one task for each thread, workers awake: the median.
  func opOverhead(on pool: OpaquePointer, threads: Int, repeats: Int) -> Nanoseconds {
    var op = unsafe ck_op()
    var times: [UInt64] = []
    for _ in 0..<repeats { times.append(unsafe empty(on: pool, threads, &op)) }
    return TimeDistribution(times).p50
  }

  /// How much longer a fork-join takes after a pause: the median.
  func overhead(
    after pause: Pause, on pool: OpaquePointer, threads: Int, repeats: Int, warm: Nanoseconds
  ) -> Nanoseconds {
    var op = unsafe ck_op()
    var times: [UInt64] = []
    for _ in 0..<repeats {
      pause.pass()
      times.append(unsafe empty(on: pool, threads, &op))
    }
    let cold = TimeDistribution(times).p50
    return Nanoseconds(cold.rawValue - min(cold.rawValue, warm.rawValue))
  }

  private func empty(on pool: OpaquePointer, _ threads: Int, _ op: UnsafePointer<ck_op>) -> UInt64 {
    let start = ck_now_ns()
    unsafe ck_pool_run(pool, doNothing, op, UInt32(threads))
    return ck_now_ns() &- start
  }

  private func product(rows: Int, columns: Int, depth: Int, parts: Int) -> ck_op {
    var op = unsafe ck_op()
    unsafe op.rows = UInt32(rows)
    unsafe op.columns = UInt32(columns)
    unsafe op.depth = UInt32(depth)
    unsafe op.parts = UInt32(parts)
    unsafe op.lda = UInt32(depth)
    unsafe op.ldy = UInt32(columns)
    unsafe op.a = UnsafePointer(buffers.activations[0])
    unsafe op.y = buffers.activations[3]
    unsafe op.weight = UnsafeRawPointer(buffers.ring)
    unsafe op.table = table
    return unsafe op
  }
}

/// A pause before an op.
enum Pause {
  /// As between two runs in succession: a few microseconds, with workers still awake.
  case breath
  /// As between requests that are far apart: workers are asleep.
  case sleep

  func pass() {
    switch self {
    case .breath:
      let start = ck_now_ns()
      while ck_now_ns() &- start < 5_000 {}
    case .sleep: usleep(2000)
    }
  }
}

/// A driver that does nothing. A global function and not a closure, because C threads call it: a closure might inherit
/// an actor's isolation.
private func doNothing(_ op: UnsafePointer<ck_op>?, _ task: UInt32, _ worker: UInt32) {}
