internal import CTaperKernels

/// Leaves memory as the ops before would have: inputs just written, by all workers; weights and outputs where they come from.
///
/// What an op reads was written by every worker, whichever task it got. To fetch it from another core's cache takes several
/// times as long as from one's own, so the workers themselves write it here, a block each in turn. They read what the last
/// cache is to have, each the part that it will multiply: cores need not share one. And they are awake after it, as in a
/// run, where an op follows the last within microseconds.
@safe struct Preparation {
  /// What the last cache is to have, and what is read after it so that it leaves a core's own caches.
  var read: [UnsafeBufferPointer<Float>] = unsafe []
  var others = unsafe UnsafeBufferPointer<Float>(start: nil, count: 0)
  /// Buffers that are left warm, and how many elements of each.
  var written: [(start: UnsafeMutablePointer<Float>, count: Int)] = unsafe []
  /// `words` for each worker: whether it was there, and where its sums go, so that reads have a use.
  let presence: UnsafeMutablePointer<UInt32>
  let workers: Int

  static let words = 16
  /// Elements of a cache line, and of the blocks in which workers take turns.
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
    // Zero, but the compiler does not know.
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

/// A driver. A global function, not a closure: the pool's threads are C's and know no isolation.
private func takePart(_ op: UnsafePointer<ck_op>?, _ task: UInt32, _ worker: UInt32) {
  let preparation = unsafe op?.pointee.weight?.assumingMemoryBound(to: Preparation.self)
  unsafe preparation?.pointee.carryOut(worker: Int(worker))
}
