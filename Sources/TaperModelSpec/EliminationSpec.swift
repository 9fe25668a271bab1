import TaperJSON

/// The elimination profile at the end of `tune acc` (LAT; specs/tuned-checkpoints.md section 3). A starting point:
/// calibration measures its own for the same weights.
public struct EliminationSpec: Hashable, Sendable {
  /// b of k_l = exp(−b·l), l from 1; not negative.
  public let decay: Double
  /// The factor α of T(l) = max(1, ⌈n·min(1, α·k_l)⌉); positive.
  public let alpha: Double
  /// The input length and the published FLOPs speedup that it was chosen for.
  public let tokens: Int
  public let speedup: Double
  /// T(1)…T(L) at `tokens` tokens, non-increasing.
  public let keepCounts: [Int]
  /// ACC_1…ACC_L, to which the decay was fitted.
  public let contributions: [Double]

  init(_ file: JSONFile, layers: Int) throws(ModelSpecError) {
    decay = try file.number("decay", in: 0...1000)
    alpha = try file.number("alpha", in: .leastNormalMagnitude...1e300)
    tokens = try file.integer("tokens", in: 1...65535)
    speedup = try file.number("speedup", in: 1...1e6)
    // A later depth cut does not shorten the lists.
    keepCounts = Array(try file.integers("keep_counts", atLeast: layers, in: 1...tokens).prefix(layers))
    guard zip(keepCounts, keepCounts.dropFirst()).allSatisfy({ $0 >= $1 }) else {
      throw file.failure("keep_counts", expected: "non-increasing counts", file.value["keep_counts"])
    }
    contributions = Array(try file.numbers("contributions", atLeast: layers, in: 0...1e6).prefix(layers))
  }
}
