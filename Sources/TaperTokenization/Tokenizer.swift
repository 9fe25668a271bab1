/// Text to token ids, types and offsets, exactly as the reference (Hugging Face tokenizers) does it.
///
/// The steps, in the reference's order:
///
/// 1. find added tokens in the raw text;
/// 2. normalise what lies between them (`Normalization`);
/// 3. find the added tokens that are matched in normalised text;
/// 4. split the rest into pieces, for instance words (`Splitting`);
/// 5. split pieces into tokens (`TokenModel`);
/// 6. truncate;
/// 7. trim offsets (`OffsetTrimming`) and add the template's special tokens (`Template`).
///
/// Everything works on UTF-8 bytes and Unicode scalars with frozen tables (`UnicodeTables`): Swift's own Unicode
/// properties change with the toolchain, and its strings compare by canonical equivalence.
public struct Tokenizer: Hashable, Sendable {
  /// Whether "[SEP]" in a text is the special token, as in the reference, or (false) plain text, as with the
  /// reference's `encode_special_tokens`. Set it to false for untrusted texts.
  public var allowsSpecialTokensInText = true

  /// Which end of a text that is too long goes.
  public var truncationSide = TruncationSide.right

  let parts: TokenizerParts

  var pipeline: Pipeline { parts.pipeline }
  var model: TokenModel { parts.model }
  var addedTokens: [AddedToken] { parts.addedTokens }
  var template: Template { parts.template }
  var trimmings: [OffsetTrimming] { parts.trimmings }

  init(
    pipeline: Pipeline, model: TokenModel, addedTokens: [AddedToken], template: Template,
    trimmings: [OffsetTrimming]
  ) throws(TokenizerError) {
    parts = try TokenizerParts(
      pipeline: pipeline, model: model, addedTokens: addedTokens, template: template, trimmings: trimmings)
  }

  /// This tokenizer with texts lowercased first, as sentence-transformers does with `do_lower_case`; itself when its
  /// normalizer lowercases already.
  public func lowercasing() throws(TokenizerError) -> Tokenizer {
    if pipeline.normalizations.contains(where: \.lowercases) { return self }
    return try changed(
      pipeline: Pipeline(
        normalizations: [.lowercase] + pipeline.normalizations, splittings: pipeline.splittings),
      template: template)
  }

  /// The same tokenizer with type 0 for every token, as for a model that is not told of types.
  public func withoutTypes() throws(TokenizerError) -> Tokenizer {
    func plain(_ pieces: [Template.Piece]) -> [Template.Piece] {
      pieces.map { piece in
        switch piece {
        case .special(let id, _): .special(id: id, typeID: 0)
        case .first: .first(typeID: 0)
        case .second: .second(typeID: 0)
        }
      }
    }
    return try changed(
      pipeline: pipeline, template: Template(single: plain(template.single), pair: plain(template.pair)))
  }

  /// The tokenizer that finds a marker before a text as one token, where it has such a token: the marker itself, or its
  /// first word. Itself where it finds it already, or has none. As sentence-transformers does with ColBERT's markers.
  public func taking(marker: String) throws(TokenizerError) -> Tokenizer {
    let first = marker.split(whereSeparator: \.isWhitespace).first.map(String.init) ?? ""
    for content in [marker, first] where !first.isEmpty {
      guard let id = id(of: content) else { continue }
      let tokens = encode(content, maximumLength: 16 + specialTokenCount(isPair: false)).ids
      guard tokens.count != specialTokenCount(isPair: false) + 1 || !tokens.contains(id) else { return self }
      let token = AddedToken(
        id: id, content: Array(content.utf8), isSpecial: true, isNormalized: false, stripsLeft: false,
        stripsRight: false)
      var result = try Tokenizer(
        pipeline: pipeline, model: model,
        addedTokens: (addedTokens.filter { $0.content != token.content } + [token]).sorted { $0.id < $1.id },
        template: template, trimmings: trimmings)
      result.allowsSpecialTokensInText = allowsSpecialTokensInText
      result.truncationSide = truncationSide
      return result
    }
    return self
  }

  /// The same tokenizer, settings included, but for these parts.
  private func changed(pipeline: Pipeline, template: Template) throws(TokenizerError) -> Tokenizer {
    var result = try Tokenizer(
      pipeline: pipeline, model: model, addedTokens: addedTokens, template: template, trimmings: trimmings)
    result.allowsSpecialTokensInText = allowsSpecialTokensInText
    result.truncationSide = truncationSide
    return result
  }

  /// One more than the highest id, added tokens included: the embeddings that a model needs.
  public var vocabularyCount: Int {
    addedTokens.reduce(model.vocabulary.count) { max($0, Int($1.id) + 1) }
  }

  /// The name of the model in tokenizer.json: "WordPiece", "BPE", "Unigram", "WordLevel".
  public var modelName: String { model.name }

  /// The id of the token for what the vocabulary does not have; nil for models without one, such as byte-level BPE.
  public var unknownID: UInt32? { model.unknownID }

  /// How many tokens the template adds to one text or to a pair.
  public func specialTokenCount(isPair: Bool) -> Int { template.addedCount(pair: isPair) }

  /// The id of a token, by its exact scalars.
  public func id(of token: String) -> UInt32? {
    let bytes = Array(token.utf8)
    return addedTokens.first { $0.content == bytes }?.id ?? model.vocabulary.id(of: bytes)
  }

  /// Whether the vocabulary marks the tokens that go on with a word, as WordPiece does with "##".
  public var marksContinuations: Bool { !model.continuationPrefix.isEmpty }

  /// The tokens with the first `count` ids; empty for an id without one.
  public func tokens(upTo count: Int) -> [String] {
    var tokens = (0..<UInt32(count)).map { String(decoding: model.vocabulary.bytes(of: $0), as: UTF8.self) }
    for added in addedTokens where added.id < count {
      tokens[Int(added.id)] = String(decoding: added.content, as: UTF8.self)
    }
    return tokens
  }

  /// The token with an id; nil when there is none.
  public func token(_ id: UInt32) -> String? {
    if let added = parts.addedPlaces[id] {
      return String(decoding: addedTokens[added].content, as: UTF8.self)
    }
    let bytes = model.vocabulary.bytes(of: id)
    return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
  }
}
