internal import CTaperKernels

/// Reads memory and does nothing with it: how fast it comes.
@safe package enum MemoryReader {
  /// Elements a stream is read in steps of: a cache line.
  package static let step = 16

  /// Each of `tasks` tasks reads `streams` streams of `count` elements (a multiple of `step`), one after the other in
  /// memory, in step: a cache line of each at a time. `sink` takes a word for each worker, a cache line apart.
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

/// A driver. A global function, not a closure: the pool's threads are C's and know no isolation.
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
  // So that the reads have a use.
  unsafe op.y[Int(worker) * MemoryReader.step] = Float(sum.wrappedSum())
}
