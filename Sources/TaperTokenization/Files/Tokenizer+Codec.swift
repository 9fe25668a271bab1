import TaperBase

/// The binary form stored in a plan, little-endian. BERT's tokenizers have version 1:
///
///     "TTOK", version
///     flags (bytes): cleans, sets Chinese off, strips accents, lowercases, allows special tokens, trimming
///     (0 none, 1 trims, 2 trims and adds a prefix space), 0, 0
///     id of the unknown token, longest word in scalars, prefix
///     added tokens: number; each id, flags, content
///     templates, one text and two: number of pieces; each kind (0 token, 1 first text, 2 second), id, type
///     vocabulary: bytes of all tokens; starts; hash table
///
/// All others have version 2:
///
///     "TTOK", version
///     flags (bytes): allows special tokens, side that is truncated, 0, 0
///     normalizer: number of steps; each a byte for the kind and what `PipelineCodec` writes for it
///     pre-tokenizer: the same
///     added tokens: as above, with a flag more (single word)
///     templates: as above
///     trimmings: number; each whether it keeps a prefix space (byte)
///     vocabulary: as above
///     model: a byte for the kind and what `ModelCodec` writes for it
///
/// Lists and byte strings are preceded by their length. Tables are stored ready to use.
extension Tokenizer {
  static let magic: UInt32 = 0x4B4F_5454
  static let newestVersion: UInt32 = 2

  /// The binary form. Equal tokenizers have equal bytes.
  public func encoded() -> [UInt8] {
    var writer = ByteWriter()
    writer.write(Self.magic)
    if let (wordPiece, options) = plainBert {
      writer.write(UInt32(1))
      writer.write(options.cleansText)
      writer.write(options.spacesChinese)
      writer.write(options.stripsAccents)
      writer.write(options.lowercases)
      writer.write(allowsSpecialTokensInText)
      writer.write(trimmings.first.map { $0.addsPrefixSpace ? 2 : 1 } ?? UInt8(0))
      writer.write(UInt16(0))  // reserved flags
      ModelCodec.write(wordPiece, to: &writer)
      writeAddedTokens(&writer, withSingleWord: false)
      writeTemplates(&writer)
      ModelCodec.write(wordPiece.vocabulary, to: &writer)
    } else {
      writer.write(Self.newestVersion)
      writer.write(allowsSpecialTokensInText)
      writer.write(truncationSide.rawValue)
      writer.write(UInt16(0))  // reserved flags
      PipelineCodec.write(pipeline, to: &writer)
      writeAddedTokens(&writer, withSingleWord: true)
      writeTemplates(&writer)
      writer.write(UInt32(trimmings.count))
      for trimming in trimmings { writer.write(trimming.addsPrefixSpace) }
      ModelCodec.write(model.vocabulary, to: &writer)
      ModelCodec.write(model, to: &writer)
    }
    return writer.bytes
  }

  /// What version 1 can say of this tokenizer; nil when that is not all.
  private var plainBert: (WordPiece, BertNormalizerOptions)? {
    guard case .wordPiece(let wordPiece) = model, pipeline.normalizations.count == 1,
      case .bert(let options) = pipeline.normalizations[0], pipeline.splittings == [.bert],
      trimmings.count <= 1, truncationSide == .right, !addedTokens.contains(where: \.isSingleWord)
    else { return nil }
    return (wordPiece, options)
  }

  private func writeAddedTokens(_ writer: inout ByteWriter, withSingleWord: Bool) {
    writer.write(UInt32(addedTokens.count))
    for token in addedTokens {
      writer.write(token.id)
      writer.write(token.isSpecial)
      writer.write(token.isNormalized)
      writer.write(token.stripsLeft)
      writer.write(token.stripsRight)
      if withSingleWord { writer.write(token.isSingleWord) }
      writer.write(counted: token.content)
    }
  }

  private func writeTemplates(_ writer: inout ByteWriter) {
    for pieces in [template.single, template.pair] {
      writer.write(UInt32(pieces.count))
      for piece in pieces {
        let (kind, id, typeID): (UInt32, UInt32, UInt32) =
          switch piece {
          case .special(let id, let typeID): (0, id, typeID)
          case .first(let typeID): (1, 0, typeID)
          case .second(let typeID): (2, 0, typeID)
          }
        writer.write(kind)
        writer.write(id)
        writer.write(typeID)
      }
    }
  }

  /// Reads the binary form. The bytes are untrusted: every length and index is checked, and an accepted
  /// tokenizer can tokenise any text without a trap.
  public init(encoded bytes: [UInt8]) throws(TokenizerError) {
    self = try unsafe bytes.span.bytes.withUnsafeBytes { (bytes) throws(TokenizerError) in
      var reader = unsafe TokenizerReader(bytes, TokenizerBinaryForm())
      return unsafe try Tokenizer(&reader)
    }
  }

  private init(_ reader: inout TokenizerReader) throws(TokenizerError) {
    guard unsafe try reader.read(UInt32.self) == Self.magic else {
      throw .corrupt(offset: 0, reason: "it does not begin with \"TTOK\"")
    }
    switch unsafe try reader.read(UInt32.self) {
    case 1: try unsafe self.init(version1: &reader)
    case 2: try unsafe self.init(version2: &reader)
    case let version: throw .unsupportedVersion(found: version, supported: Self.newestVersion)
    }
  }

  private init(version1 reader: inout TokenizerReader) throws(TokenizerError) {
    let cleans = unsafe try reader.readBool()
    let chinese = unsafe try reader.readBool()
    let strips = unsafe try reader.readBool()
    let lowercases = unsafe try reader.readBool()
    let allows = unsafe try reader.readBool()
    let trimming = unsafe try reader.read(UInt8.self)
    guard trimming <= 2 else { throw unsafe reader.fail("the kind of trimming is \(trimming), above 2") }
    guard unsafe try reader.read(UInt16.self) == 0 else { throw unsafe reader.fail("a reserved flag is set") }
    let settings = unsafe try ModelCodec.readWordPieceSettings(&reader)
    let addedTokens = unsafe try Self.readAddedTokens(&reader, withSingleWord: false)
    let template = unsafe try Self.readTemplate(&reader)
    let vocabulary = unsafe try ModelCodec.readVocabulary(&reader)
    unsafe try reader.finish()
    let model = unsafe try settings.model(vocabulary, &reader)
    unsafe try Self.check(addedTokens, template, &reader)
    let options = BertNormalizerOptions(
      lowercases: lowercases, stripsAccents: strips, cleansText: cleans, spacesChinese: chinese)
    try self.init(
      pipeline: Pipeline(normalizations: [.bert(options)], splittings: [.bert]), model: .wordPiece(model),
      addedTokens: addedTokens, template: template,
      trimmings: trimming == 0 ? [] : [OffsetTrimming(addsPrefixSpace: trimming == 2)])
    allowsSpecialTokensInText = allows
  }

  private init(version2 reader: inout TokenizerReader) throws(TokenizerError) {
    let allows = unsafe try reader.readBool()
    let side = unsafe try reader.readCase { TruncationSide(rawValue: $0) }
    guard unsafe try reader.read(UInt16.self) == 0 else { throw unsafe reader.fail("a reserved flag is set") }
    let pipeline = unsafe try PipelineCodec.read(&reader)
    let addedTokens = unsafe try Self.readAddedTokens(&reader, withSingleWord: true)
    let template = unsafe try Self.readTemplate(&reader)
    var trimmings: [OffsetTrimming] = []
    for _ in 0..<(unsafe try reader.readCount(elementSize: 1)) {
      trimmings.append(OffsetTrimming(addsPrefixSpace: unsafe try reader.readBool()))
    }
    guard trimmings.count <= 8 else {
      throw unsafe reader.fail("offsets are trimmed \(trimmings.count) times")
    }
    let vocabulary = unsafe try ModelCodec.readVocabulary(&reader)
    let model = unsafe try ModelCodec.readModel(vocabulary, &reader)
    unsafe try reader.finish()
    unsafe try Self.check(addedTokens, template, &reader)
    try self.init(
      pipeline: pipeline, model: model, addedTokens: addedTokens, template: template, trimmings: trimmings)
    allowsSpecialTokensInText = allows
    truncationSide = side
  }

  private static func check(
    _ addedTokens: [AddedToken], _ template: Template, _ reader: inout TokenizerReader
  ) throws(TokenizerError) {
    let limit = UInt32(Vocabulary.maximumCount)
    for token in addedTokens where token.id >= limit {
      throw unsafe reader.fail("an added token has id \(token.id)")
    }
    for piece in template.single + template.pair {
      if case .special(let id, _) = piece, id >= limit {
        throw unsafe reader.fail("the template has a token with id \(id)")
      }
    }
  }

  private static func readAddedTokens(
    _ reader: inout TokenizerReader, withSingleWord: Bool
  ) throws(TokenizerError) -> [AddedToken] {
    var tokens: [AddedToken] = []
    for _ in 0..<(unsafe try reader.readCount(elementSize: 12)) {
      tokens.append(
        unsafe AddedToken(
          id: try reader.read(), content: [], isSpecial: try reader.readBool(),
          isNormalized: try reader.readBool(), stripsLeft: try reader.readBool(),
          stripsRight: try reader.readBool(), isSingleWord: withSingleWord ? try reader.readBool() : false))
      unsafe tokens[tokens.count - 1].content = try reader.readCountedBytes()
    }
    return tokens
  }

  private static func readTemplate(_ reader: inout TokenizerReader) throws(TokenizerError) -> Template {
    unsafe Template(single: try readPieces(&reader), pair: try readPieces(&reader))
  }

  private static func readPieces(
    _ reader: inout TokenizerReader
  ) throws(TokenizerError) -> [Template.Piece] {
    var pieces: [Template.Piece] = []
    for _ in 0..<(unsafe try reader.readCount(elementSize: 12)) {
      let kind = unsafe try reader.read(UInt32.self)
      let id = unsafe try reader.read(UInt32.self)
      let typeID = unsafe try reader.read(UInt32.self)
      guard typeID <= 1 else { throw unsafe reader.fail("a template has type \(typeID), above 1") }
      switch kind {
      case 0: pieces.append(.special(id: id, typeID: typeID))
      case 1: pieces.append(.first(typeID: typeID))
      case 2: pieces.append(.second(typeID: typeID))
      default: throw unsafe reader.fail("a template has a piece of kind \(kind), above 2")
      }
    }
    // A text may appear once per template: repeats would let a few bytes make an encoding huge.
    for isFirst in [true, false] {
      let uses = pieces.count {
        switch $0 {
        case .first: isFirst
        case .second: !isFirst
        case .special: false
        }
      }
      guard uses <= 1 else { throw unsafe reader.fail("a template has the same text \(uses) times") }
    }
    return pieces
  }
}

typealias TokenizerReader = ByteReader<TokenizerBinaryForm>

struct TokenizerBinaryForm: ByteReaderContext {
  func truncated(offset: UInt64, needed: UInt64, available: UInt64) -> TokenizerError {
    .corrupt(offset: Int(offset), reason: "expected \(needed) more bytes, found \(available)")
  }

  func malformed(_ value: MalformedValue, offset: UInt64, found: UInt64) -> TokenizerError {
    .corrupt(offset: Int(offset), reason: "expected \(value.expectation), found \(found)")
  }
}

extension ByteReader where Context == TokenizerBinaryForm {
  func fail(_ reason: String) -> TokenizerError {
    unsafe .corrupt(offset: position, reason: reason)
  }
}
