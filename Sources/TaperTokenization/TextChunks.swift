/// A text in chunks: windows over its tokens, each framed by the template, as the reference's overflowing tokens are.
/// Of a pair the second text is cut, and every chunk has all of the first.
///
/// Chunks are framed when they are asked for, so that a long text takes memory for its own tokens only.
public struct TextChunks: Sendable {
  private let tokenizer: Tokenizer
  private let first: TokenSequence
  private let second: TokenSequence?
  /// Of the text that is cut, how many tokens go before every chunk: a prompt's.
  private let kept: Int
  /// How many tokens of the text a chunk has at most.
  private let room: Int
  /// How many tokens a chunk has in common with the one before.
  public let overlap: Int
  public let count: Int

  /// - Parameters:
  ///   - prompt: how many scalars at the beginning of the first text go before every chunk of it. Tokens that begin
  ///     there count as the prompt's. Of a pair it goes with the first text.
  ///   - maximumLength: the most tokens of a chunk, template included.
  ///   - overlap: at most half of what a chunk holds is overlapped.
  /// - Returns: nil when template, prompt and first text leave less than an eighth of a chunk to what is cut.
  /// - Complexity: O(length of the text), plus O(n log n) for BPE words of n scalars.
  public init?(
    _ text: String, pair: String? = nil, prompt: Int = 0, maximumLength: Int, overlap: Int,
    by tokenizer: Tokenizer
  ) {
    self.tokenizer = tokenizer
    var run = TokenizationRun(tokenizer)
    first = run.tokens(of: Array(text.utf8), enough: .max)
    second = pair.map { run.tokens(of: Array($0.utf8), enough: .max) }
    let budget = maximumLength - tokenizer.specialTokenCount(isPair: second != nil)
    guard first.count + (second?.count ?? 0) > budget else {
      kept = 0
      room = max(budget, 0)
      self.overlap = 0
      count = 1
      return
    }
    kept = second == nil ? first.offsets.prefix { Int($0.begin) < prompt }.count : 0
    room = budget - (second == nil ? kept : first.count)
    guard room >= max(1, budget / 8) else { return nil }
    self.overlap = min(overlap, room / 2)
    let cut = (second ?? first).count - kept
    let step = room - self.overlap
    count = 1 + (cut - room + step - 1) / step
  }

  /// Tokens of the whole text or pair, template included.
  public var tokenCount: Int {
    first.count + (second?.count ?? 0) + tokenizer.specialTokenCount(isPair: second != nil)
  }

  /// The whole text as one encoding, however long.
  public var whole: Encoding { tokenizer.frame(first, second, truncated: false) }

  /// Which of the tokens of the text that is cut a chunk has, counted without the prompt's.
  public func tokens(of chunk: Int) -> Range<Int> {
    let begin = chunk * (room - overlap)
    return begin..<min(begin + room, (second ?? first).count - kept)
  }

  public subscript(chunk: Int) -> Encoding {
    if count == 1 { return whole }
    let window = tokens(of: chunk)
    let tokens = (second ?? first).slice(kept + window.lowerBound..<kept + window.upperBound)
    guard second == nil else { return tokenizer.frame(first, tokens, truncated: false) }
    return tokenizer.frame(first.slice(0..<kept).followed(by: tokens), nil, truncated: false)
  }
}
