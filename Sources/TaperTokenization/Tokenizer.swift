/// BERT's tokenizer: text to token ids, types and offsets, exactly as the reference ("tokenizers", the fast
/// one) does.
///
/// The steps, in the reference's order: added tokens are found in the raw text; what lies between them is
/// normalised (`Normalizer`); added tokens that want it are found in the normalised text; the rest is split
/// into words at white space and round punctuation; words are split into pieces (`WordPiece`); the tokens are
/// truncated; the template (`Template`) is put round them.
///
/// Everything works on UTF-8 bytes and Unicode scalars with frozen tables (`UnicodeTables`): Swift's own
/// Unicode properties move with the toolchain, and its strings compare by canonical equivalence.
public struct Tokenizer: Hashable, Sendable {
  /// Whether "[SEP]" in a text is the special token, as in the reference, or (false) plain text, as with the
  /// reference's `encode_special_tokens`. Set it to false for texts that strangers write.
  public var allowsSpecialTokensInText = true

  public let normalizerOptions: NormalizerOptions
  let wordPiece: WordPiece
  let addedTokens: [AddedToken]
  let template: Template
  let trimming: OffsetTrimming?

  /// Found in the raw text.
  let rawMatcher: AddedTokenMatcher
  /// Found in the normalised text.
  let normalizedMatcher: AddedTokenMatcher
  /// Whether a text between added tokens may be worked on in parts, cut at spaces.
  let worksInParts: Bool
  let normalizer: NormalizerTemplate

  init(
    normalizerOptions: NormalizerOptions, wordPiece: WordPiece, addedTokens: [AddedToken], template: Template,
    trimming: OffsetTrimming?
  ) throws(TokenizerError) {
    self.normalizerOptions = normalizerOptions
    self.wordPiece = wordPiece
    self.addedTokens = addedTokens
    self.template = template
    self.trimming = trimming
    normalizer = NormalizerTemplate(options: normalizerOptions)
    // The reference puts special tokens first, which decides between equal patterns.
    let ordered = addedTokens.filter(\.isSpecial) + addedTokens.filter { !$0.isSpecial }
    var raw: [(bytes: [UInt8], token: AddedToken)] = []
    var normalized: [(bytes: [UInt8], token: AddedToken)] = []
    var seen: Set<[UInt8]> = []
    for token in ordered {
      func refusal(_ reason: String) -> TokenizerError {
        .invalidAddedToken(content: String(decoding: token.content, as: UTF8.self), reason: reason)
      }
      if token.content.isEmpty { throw refusal("it is empty") }
      if !UTF8Bytes.isWellFormed(token.content) { throw refusal("it is not UTF-8") }
      if !seen.insert(token.content).inserted { throw refusal("it is listed twice") }
      if token.isNormalized {
        let bytes = normalizer.normalForm(token.content)
        if bytes.isEmpty { throw refusal("the normalizer leaves nothing of it") }
        normalized.append((bytes, token))
      } else {
        raw.append((token.content, token))
      }
    }
    rawMatcher = AddedTokenMatcher(raw)
    normalizedMatcher = AddedTokenMatcher(normalized)
    worksInParts = normalizedMatcher.ignoresSpaces
  }

  /// How many ids there are: one more than the highest, added tokens included. A model needs so many
  /// embeddings.
  public var vocabularyCount: Int {
    addedTokens.reduce(wordPiece.vocabulary.count) { max($0, Int($1.id) + 1) }
  }

  /// The id of the token for words that the vocabulary cannot build.
  public var unknownID: UInt32 { wordPiece.unknownID }

  /// How many tokens the template adds to one text or to a pair.
  public func specialTokenCount(isPair: Bool) -> Int { template.addedCount(pair: isPair) }

  /// The id of a token, by its exact scalars.
  public func id(of token: String) -> UInt32? {
    let bytes = Array(token.utf8)
    return addedTokens.first { $0.content == bytes }?.id ?? wordPiece.vocabulary.id(of: bytes)
  }

  /// The token with an id; nil when there is none.
  public func token(_ id: UInt32) -> String? {
    if let added = addedTokens.first(where: { $0.id == id }) {
      return String(decoding: added.content, as: UTF8.self)
    }
    let bytes = wordPiece.vocabulary.bytes(of: id)
    return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
  }
}
