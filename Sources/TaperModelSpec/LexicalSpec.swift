import TaperJSON

/// Words chosen before the first layer, as `tune lexical` trained with them (specs/tuned-checkpoints.md section 6).
/// Tensor: `TensorRole.wordScores`.
public struct LexicalSpec: Hashable, Sendable {
  /// The share of a text's tokens that stayed in training; a plan keeps what its target allows.
  public let share: Double
  /// The input length and the published FLOPs speedup that the share was chosen for.
  public let tokens: Int
  public let speedup: Double
  /// What a word's score loses when it came before in the text: never, once, …; the last for all more. Not empty.
  public let penalties: [Float]

  init(_ file: JSONFile) throws(ModelSpecError) {
    share = try file.number("share", in: .leastNormalMagnitude...1)
    tokens = try file.integer("tokens", in: 1...65535)
    speedup = try file.number("speedup", in: 1...1e6)
    penalties = try file.numbers("penalties", atLeast: 1, in: -1e6...1e6).map { Float($0) }
    guard penalties.count <= 65536 else {
      throw file.failure("penalties", expected: "at most 65536 numbers", file.value["penalties"])
    }
  }
}
