internal import Dispatch
internal import Synchronization

/// Hands out the numbers 0..<count in order to any number of threads, and gives back in order what they made of them.
///
/// A number is handed out at most `window` ahead of the first one whose result has not been fetched, so that no more
/// than `window` results are held. Every thread takes numbers until there are none, and exactly one fetches results.
package final class TextQueue<Output: Sendable>: Sendable {
  private struct State {
    var next = 0
    var isOver = false
    var outputs: [Int: Output] = [:]
  }

  private let count: Int
  private let state = Mutex(State())
  /// One for each number that may be handed out now.
  private let room = DispatchSemaphore(value: 0)
  /// One for each output that was put and not waited for.
  private let ready = DispatchSemaphore(value: 0)

  package init(count: Int, window: Int) {
    self.count = count
    for _ in 0..<window { room.signal() }
  }

  /// The next number; nil when there are no more. Waits while the window is used up.
  package func take() -> Int? {
    room.wait()
    let number = state.withLock { state -> Int? in
      guard state.next < count, !state.isOver else { return nil }
      defer { state.next += 1 }
      return state.next
    }
    // The others that wait must learn it too.
    if number == nil { room.signal() }
    return number
  }

  package func put(_ output: Output, for number: Int) {
    state.withLock { $0.outputs[number] = output }
    ready.signal()
  }

  /// Waits for the output of the next number in order; each is fetched once.
  package func fetch(_ number: Int) -> Output {
    while true {
      if let output = state.withLock({ $0.outputs.removeValue(forKey: number) }) {
        room.signal()
        return output
      }
      ready.wait()
    }
  }

  /// No number is handed out any more.
  package func stop() {
    state.withLock { $0.isOver = true }
    room.signal()
  }
}
