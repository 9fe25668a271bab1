/// Splits a piece of text into tokens of a vocabulary.
protocol PieceModel {
  /// Appends the tokens of one piece, which is not empty.
  func tokenize(
    _ text: NormalizedText, _ piece: Range<Int>, into tokens: inout TokenSequence, scratch: inout ModelScratch
  )
}

/// Working memory that the models keep from piece to piece.
struct ModelScratch {
  var hashes: [UInt32] = []
  var symbols: [BytePairEncoding.Symbol] = []
  var merges: MergeQueue = MergeQueue()
  var spelling: [UInt8] = []
  var path: [Unigram.Node] = []
  var ends: [(begin: Int, end: Int, id: UInt32)] = []
}

/// The model of a tokenizer.
enum TokenModel: Hashable, Sendable {
  case wordPiece(WordPiece)
  case bytePairs(BytePairEncoding)
  case unigram(Unigram)
  case wordLevel(WordLevel)

  var vocabulary: Vocabulary {
    switch self {
    case .wordPiece(let model): model.vocabulary
    case .bytePairs(let model): model.vocabulary
    case .unigram(let model): model.vocabulary
    case .wordLevel(let model): model.vocabulary
    }
  }

  /// The vocabulary when it has the text of every token but added ones; Unigram's unknown tokens have texts of their own.
  var spelling: Vocabulary? {
    if case .unigram = self { nil } else { vocabulary }
  }

  /// The id of the token for what the vocabulary does not have; nil for models without one.
  var unknownID: UInt32? {
    switch self {
    case .wordPiece(let model): model.unknownID
    case .bytePairs(let model): model.unknownID
    case .unigram(let model): model.unknownID
    case .wordLevel(let model): model.unknownID
    }
  }

  /// What stands before tokens that go on with a word; empty for models without it.
  var continuationPrefix: [UInt8] {
    switch self {
    case .wordPiece(let model): model.prefix
    case .bytePairs(let model): model.options.prefix
    case .unigram, .wordLevel: []
    }
  }

  /// The name in tokenizer.json.
  var name: String {
    switch self {
    case .wordPiece: "WordPiece"
    case .bytePairs: "BPE"
    case .unigram: "Unigram"
    case .wordLevel: "WordLevel"
    }
  }
}
