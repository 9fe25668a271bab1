/// What does not change in a tokenizer. An object, so that each run takes one reference instead of copying two dozen.
final class TokenizerParts: Sendable {
  let pipeline: Pipeline
  let model: TokenModel
  let addedTokens: [AddedToken]
  let template: Template
  let trimmings: [OffsetTrimming]

  /// Of each added token's id, the first place among `addedTokens`.
  let addedPlaces: [UInt32: Int]
  /// Found in the raw text.
  let rawMatcher: AddedTokenMatcher
  /// Found in the normalised text.
  let normalizedMatcher: AddedTokenMatcher
  /// Whether the text between added tokens may be processed in parts, split at spaces.
  let worksInParts: Bool

  init(
    pipeline: Pipeline, model: TokenModel, addedTokens: [AddedToken], template: Template,
    trimmings: [OffsetTrimming]
  ) throws(TokenizerError) {
    guard pipeline.isBounded else {
      throw .unsupported(
        path: "normalizer and pre_tokenizer", found: "a pipeline that makes texts very much longer",
        supported: "at most \(Pipeline.maximumSteps) steps each, which lengthen a text little")
    }
    self.pipeline = pipeline
    self.model = model
    self.addedTokens = addedTokens
    self.template = template
    self.trimmings = trimmings
    addedPlaces = Dictionary(
      addedTokens.enumerated().map { ($0.element.id, $0.offset) }, uniquingKeysWith: { first, _ in first })
    // The reference puts special tokens first; the first of equal patterns wins.
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
        let bytes = pipeline.normalize(token.content).bytes
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
}

extension TokenizerParts: Hashable {
  /// Everything else follows from what is compared.
  static func == (first: TokenizerParts, second: TokenizerParts) -> Bool {
    first === second
      || first.pipeline == second.pipeline && first.model == second.model
        && first.addedTokens == second.addedTokens && first.template == second.template
        && first.trimmings == second.trimmings
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(pipeline)
    hasher.combine(model)
    hasher.combine(addedTokens)
    hasher.combine(template)
    hasher.combine(trimmings)
  }
}
