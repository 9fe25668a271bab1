import Glibc

/// A progress bar on standard error: only on a terminal, only after half a second, never going back.
struct ProgressBar: ~Copyable {
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let start = ContinuousClock.now
  private var lastDraw: ContinuousClock.Instant?
  private var shown = 0.0

  /// Shows `fraction` (0 to 1) of the work as done, with a note on what is being done.
  mutating func update(_ fraction: Double, _ note: String) {
    guard isTerminal, ContinuousClock.now - start > .milliseconds(500) else { return }
    if let lastDraw, ContinuousClock.now - lastDraw < .milliseconds(80), fraction < 1 { return }
    lastDraw = .now
    shown = max(shown, min(1, fraction))
    let width = 32
    let full = Int(shown * Double(width))
    let bar = String(repeating: "█", count: full) + String(repeating: "░", count: width - full)
    let elapsed = Int((ContinuousClock.now - start).components.seconds)
    Console.writeError("\r\u{1B}[2K\(bar) \(Int(shown * 100))%  \(elapsed)s  \(note)")
  }

  /// Wipes the bar.
  mutating func finish() {
    wipe()
    lastDraw = nil
  }

  /// An error that ends the work is not written behind the bar.
  deinit { wipe() }

  private func wipe() {
    if lastDraw != nil { Console.writeError("\r\u{1B}[2K") }
  }
}
