internal import CTaperKernels

/// Reads memory and does nothing else, to measure bandwidth.
@safe package enum MemoryReader {
  /// Elements of a cache line, in steps of which streams are read.
  package static let step = 16

  /// Each of `tasks` tasks reads `streams` streams of `count` elements (a multiple of `step`) that follow each other in
  /// memory. It reads one cache line of each stream in turn. `sink` takes a word for each worker, a cache line apart.
  package static func read(
    _ start: UnsafePointer<Float>, count: Int, streams: Int, tasks: Int, sink: UnsafeMutablePointer<Float>,
    on pool: OpaquePointer
  ) {
    var op = unsafe ck_op()
    unsafe op.a = start
    unsafe op.y = sink
    unsafe op.rows = UInt32(count)
    unsafe op.parts = UInt32(streams)
    unsafe ck_pool_run(pool, readStreams, &op, UInt32(tasks))
  }
}

/// A driver. A global function and not a closure, because C threads call it: a closure might inherit an actor's
/// isolation.
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
    place += MemoryReader.step
  }
  // Keeps the reads from being optimised away.
  unsafe op.y[Int(worker) * MemoryReader.step] = Float(sum.wrappedSum())
}
