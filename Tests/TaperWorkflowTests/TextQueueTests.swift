import Dispatch
import Synchronization
import TaperWorkflow
import Testing

@Suite struct TextQueueTests {
  /// Threads that answer every number with its square, the first one slowest.
  private func answer(_ queue: TextQueue<Int>, threads: Int, in group: DispatchGroup) {
    for number in 0..<threads {
      DispatchQueue(label: "queue.\(number)").async(group: group) {
        while let taken = queue.take() {
          if taken == 0 { DispatchSemaphore(value: 0).wait(for: .milliseconds(20)) }
          queue.put(taken * taken, for: taken)
        }
      }
    }
  }

  @Test(arguments: [(1, 1), (1, 4), (3, 2), (4, 64)])
  func givesBackInOrder(threads: Int, window: Int) {
    let queue = TextQueue<Int>(count: 50, window: window)
    let group = DispatchGroup()
    answer(queue, threads: threads, in: group)
    #expect((0..<50).map { queue.fetch($0) } == (0..<50).map { $0 * $0 })
    group.wait()
  }

  @Test func handsOutNoMoreThanTheWindow() {
    let queue = TextQueue<Int>(count: 50, window: 3)
    let group = DispatchGroup()
    let last = Mutex(-1)
    DispatchQueue(label: "queue").async(group: group) {
      while let taken = queue.take() {
        last.withLock { $0 = taken }
        queue.put(taken, for: taken)
      }
    }
    for number in 0..<50 {
      _ = queue.fetch(number)
      // Before this number was fetched, none after number + 2 was handed out; fetching it gave out one more.
      #expect(last.withLock { $0 } <= number + 3)
    }
    group.wait()
  }

  @Test func nothingIsHandedOutAfterAStop() {
    let queue = TextQueue<Int>(count: 1_000, window: 4)
    let group = DispatchGroup()
    answer(queue, threads: 3, in: group)
    #expect(queue.fetch(0) == 0)
    queue.stop()
    // All threads end, though most numbers are left.
    group.wait()
    #expect(queue.take() == nil)
  }
}

extension DispatchSemaphore {
  /// Waits so long.
  fileprivate func wait(for interval: DispatchTimeInterval) { _ = wait(timeout: .now() + interval) }
}
