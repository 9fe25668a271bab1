internal import CTaperKernels
internal import Glibc
internal import TaperDeviceProfile
internal import TaperPlanFormat

/// Figures of the machine that belong to no op: bandwidth, peak, overheads, and the noise probe.
@safe struct MachineProbe {
  let buffers: WorkBuffers
  let table: OpaquePointer

  /// One sample of the noise probe: a fixed product (96 × 64 × 128, two buffers of 32 KB to 48 KB) in cache,
  /// on one worker, repeated to some 100 µs.
  func noiseSample(on pool: OpaquePointer) -> UInt64 {
    var op = unsafe product(rows: 96, columns: 64, depth: 128, parts: 1)
    // Once to bring it into cache and the core out of whatever came before.
    unsafe ck_pool_run(pool, ck_gemm, &op, 1)
    let start = ck_now_ns()
    for _ in 0..<8 { unsafe ck_pool_run(pool, ck_gemm, &op, 1) }
    return ck_now_ns() &- start
  }

  /// FLOP a second of a large product, the fastest of a few.
  func computePeak(on pool: OpaquePointer, threads: Int, repeats: Int) -> UInt64 {
    let (rows, columns, depth) = (256, 512, 256)
    guard columns * depth <= buffers.ringCount, rows * columns <= buffers.activationCount else { return 1 }
    let parts = max(4, threads)
    var op = unsafe product(rows: rows, columns: columns, depth: depth, parts: parts)
    var best = UInt64.max
    for _ in 0..<repeats {
      let start = ck_now_ns()
      unsafe ck_pool_run(pool, ck_gemm, &op, UInt32(parts))
      best = min(best, max(1, ck_now_ns() &- start))
    }
    return UInt64(2 * rows * columns * depth) * 1_000_000_000 / best
  }

  /// Bytes a second read from the whole ring, each of `threads` tasks its own part in `streams` streams; the
  /// median of a few.
  func bandwidth(on pool: OpaquePointer, threads: Int, streams: Int, repeats: Int) -> UInt64 {
    var op = unsafe ck_op()
    unsafe op.a = UnsafePointer(buffers.ring)
    unsafe op.y = buffers.activations[4]
    // Elements of one stream of one task, a multiple of 16.
    let count = buffers.ringCount / threads / streams / 16 * 16
    unsafe op.rows = UInt32(count)
    unsafe op.parts = UInt32(streams)
    var times: [UInt64] = []
    for _ in 0..<repeats {
      let start = ck_now_ns()
      unsafe ck_pool_run(pool, readStreams, &op, UInt32(threads))
      times.append(max(1, ck_now_ns() &- start))
    }
    let median = TimeDistribution(times).p50.rawValue
    return max(1, UInt64(count * streams * threads * 4) * 1_000_000_000 / median)
  }

  /// Fork and join of an empty op with one task for each thread, workers awake: the median.
  func opOverhead(on pool: OpaquePointer, threads: Int, repeats: Int) -> Nanoseconds {
    var op = unsafe ck_op()
    var times: [UInt64] = []
    for _ in 0..<repeats { times.append(unsafe empty(on: pool, threads, &op)) }
    return TimeDistribution(times).p50
  }

  /// How much longer the first fork and join takes after the pool has slept for two milliseconds: the median.
  func runOverhead(on pool: OpaquePointer, threads: Int, repeats: Int, warm: Nanoseconds) -> Nanoseconds {
    var op = unsafe ck_op()
    var times: [UInt64] = []
    for _ in 0..<repeats {
      usleep(2000)
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
    unsafe op.sgemm = ck_openblas()
    unsafe op.table = table
    return unsafe op
  }
}

/// A driver that does nothing. A global function, not a closure: the pool's threads are C's and know no
/// isolation.
private func doNothing(_ op: UnsafePointer<ck_op>?, _ task: UInt32, _ worker: UInt32) {}

/// A driver that reads `parts` streams of `rows` elements each, one after the other in memory, in step: one
/// cache line (16 elements) of each at a time.
private func readStreams(_ op: UnsafePointer<ck_op>?, _ task: UInt32, _ worker: UInt32) {
  guard let op = unsafe op?.pointee, let start = unsafe op.a else { return }
  let (count, streams) = unsafe (Int(op.rows), Int(op.parts))
  let first = unsafe UnsafeRawPointer(start + Int(task) * count * streams)
  var sum = SIMD16<UInt32>()
  var place = 0
  while place < count {
    for stream in 0..<streams {
      unsafe sum &+= (first + (stream * count + place) * 4).load(as: SIMD16<UInt32>.self)
    }
    place += 16
  }
  // So that the reads have a use.
  unsafe op.y[Int(worker) * 16] = Float(sum.wrappedSum())
}
