internal import CTaperKernels

/// Leaves memory as the ops before would have: inputs just written by all workers, weights and outputs in the cache
/// level where a run finds them.
///
/// In a run every worker wrote some of an op's inputs, and reading from another core's cache takes several times as
/// long as from one's own. So the workers themselves write the inputs here, a block each in turn. Each worker also
/// reads its own part of what should be in the last-level cache, because cores need not share one. Afterwards the
/// workers are awake, as in a run, where ops follow each other within microseconds.
@safe struct Preparation {
  /// Buffers to bring into the last-level cache, and what is read after them to evict them from a core's own caches.
  var read: [UnsafeBufferPointer<Float>] = unsafe []
  var others = unsafe UnsafeBufferPointer<Float>(start: nil, count: 0)
  /// Buffers to leave warm, and how many elements of each.
  var written: [(start: UnsafeMutablePointer<Float>, count: Int)] = unsafe []
  /// `words` words for each worker: whether it took part, and a sum that keeps its reads from being optimised away.
  let presence: UnsafeMutablePointer<UInt32>
  let workers: Int

  static let words = 16
  /// Elements of a cache line, and of the blocks that workers write in turn.
  private static let (line, block) = (16, 1024)
  /// Longest wait for a worker to wake up.
  private static let patience: UInt64 = 200_000

  func carryOut(on pool: OpaquePointer) {
    for worker in 0..<workers { unsafe presence[worker * Self.words] = 0 }
    unsafe withUnsafePointer(to: self) { preparation in
      var op = unsafe ck_op()
      unsafe op.weight = UnsafeRawPointer(preparation)
      let end = ck_now_ns() + Self.patience
      repeat {
        unsafe ck_pool_run(pool, takePart, &op, UInt32(64 * workers))
      } while ck_now_ns() < end && !(0..<workers).allSatisfy { unsafe presence[$0 * Self.words] != 0 }
    }
  }

  /// A worker's part, once.
  fileprivate func carryOut(worker: Int) {
    let own = unsafe presence + worker * Self.words
    guard unsafe own[0] == 0 else { return }
    var sum: UInt32 = 0
    for number in unsafe read.indices {
      let buffer = unsafe read[number]
      let part = (buffer.count + workers - 1) / workers
      let end = min(buffer.count, (worker + 1) * part)
      for place in stride(from: min(end, worker * part), to: end, by: Self.line) {
        unsafe sum ^= buffer[place].bitPattern
      }
    }
    for place in stride(from: 0, to: unsafe others.count, by: Self.line) {
      unsafe sum ^= others[place].bitPattern
    }
    // Zero, which the compiler cannot know.
    let zero = unsafe own[0]
    for unsafe(start, count) in unsafe written {
      for place in stride(from: 0, to: count, by: Self.line)
      where place / Self.block % workers == worker {
        unsafe start[place] = Float(bitPattern: start[place].bitPattern | zero)
      }
    }
    unsafe own[1] = sum
    unsafe own[0] = 1
  }
}

/// A driver. A global function and not a closure, because C threads call it: a closure might inherit an actor's
/// isolation.
private func takePart(_ op: UnsafePointer<ck_op>?, _ task: UInt32, _ worker: UInt32) {
  let preparation = unsafe op?.pointee.weight?.assumingMemoryBound(to: Preparation.self)
  unsafe preparation?.pointee.carryOut(worker: Int(worker))
}
