internal import CTaperKernels

/// Leaves memory as the ops before would have: inputs just written, by all workers, weights where they come from.
///
/// What an op reads was written by every worker, whichever task it got. To fetch it from another core's cache takes several
/// times as long as from one's own, so the workers themselves write it here, a block each in turn. What an op writes it finds
/// where the layer before left it, a layer's weights ago: every worker reads enough before to push it out of its own caches.
/// They read weights that are to be near too, each the part that it will multiply: cores need not share a last cache. And
/// they are awake after it, as in a run, where an op follows the last within microseconds.
@safe struct Preparation {
  /// Buffers, and how many elements of each.
  let activations: [(start: UnsafeMutablePointer<Float>, count: Int)]
  /// Weights to bring near; none: they stay far.
  let near: UnsafeBufferPointer<Float>
  /// What is read after them, so that they and whatever else is there leave a core's own caches.
  let others: UnsafeBufferPointer<Float>
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
    let part = unsafe (near.count + workers - 1) / workers
    let end = unsafe min(near.count, (worker + 1) * part)
    for place in stride(from: min(end, worker * part), to: end, by: Self.line) {
      unsafe sum ^= near[place].bitPattern
    }
    for place in stride(from: 0, to: unsafe others.count, by: Self.line) {
      unsafe sum ^= others[place].bitPattern
    }
    // Zero, but the compiler does not know.
    let zero = unsafe own[0]
    for unsafe(start, count) in unsafe activations {
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
