/// What words are worth, whatever the text says around them: the table by which method `lexical` chooses tokens before
/// the first layer.
///
/// The score of token j is scores[id_j] less a penalty for the same id earlier in the text. Special tokens have scores
/// above all others.
public struct Lexicon: Hashable, Sendable {
  /// By token id.
  public var scores: [Float]
  /// By how often the id came before in the text: never, once, …; the last for all more. Not empty.
  public var penalties: [Float]

  public init(scores: [Float], penalties: [Float]) {
    precondition(!penalties.isEmpty)
    self.scores = scores
    self.penalties = penalties
  }
}
