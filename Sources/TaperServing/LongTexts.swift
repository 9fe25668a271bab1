public import TaperTokenization

/// How a text with more tokens than the plan takes is answered.
public enum LongTexts: Hashable, Sendable {
  /// Cut at this end; nil: the end that the model's tokenizer names.
  case truncated(TruncationSide?)
  /// In chunks, whose answers are joined.
  case chunked(ChunkJoining)

  /// The words of `--long`.
  public enum Word: String, CaseIterable, Sendable {
    case truncateRight = "truncate-right"
    case truncateLeft = "truncate-left"
    case chunkMean = "chunk-mean"
    case chunkMax = "chunk-max"
  }

  public init(_ word: Word) {
    self =
      switch word {
      case .truncateRight: .truncated(.right)
      case .truncateLeft: .truncated(.left)
      case .chunkMean: .chunked(.mean)
      case .chunkMax: .chunked(.max)
      }
  }
}

/// How the answers to a text's chunks become one.
public enum ChunkJoining: Hashable, Sendable {
  /// The mean, each chunk weighted by its tokens.
  case mean
  /// The largest of each number.
  case max
}
