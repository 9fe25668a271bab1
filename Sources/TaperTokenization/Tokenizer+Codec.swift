import TaperBase

/// The binary form stored in a plan, little-endian:
///
///     "TTOK", version
///     flags (bytes): cleans, sets Chinese off, strips accents, lowercases, allows special tokens, trimming
///     (0 none, 1 trims, 2 trims and adds a prefix space), 0, 0
///     id of the unknown token, longest word in scalars, prefix
///     added tokens: number; each id, flags, content
///     templates, one text and two: number of pieces; each kind (0 token, 1 first text, 2 second), id, type
///     vocabulary: bytes of all tokens; starts; hash table
///
/// Lists and byte strings are preceded by their length. The hash table is stored ready to use.
extension Tokenizer {
  static let magic: UInt32 = 0x4B4F_5454
  static let version: UInt32 = 1

  /// The binary form. Equal tokenizers have equal bytes.
  public func encoded() -> [UInt8] {
    var writer = ByteWriter()
    writer.write(Self.magic)
    writer.write(Self.version)
    writer.write(normalizerOptions.cleansText)
    writer.write(normalizerOptions.spacesChinese)
    writer.write(normalizerOptions.stripsAccents)
    writer.write(normalizerOptions.lowercases)
    writer.write(allowsSpecialTokensInText)
    writer.write(trimming.map { $0.addsPrefixSpace ? 2 : 1 } ?? UInt8(0))
    writer.write(UInt16(0))  // reserved flags
    writer.write(wordPiece.unknownID)
    writer.write(UInt32(wordPiece.maximumScalars))
    writer.write(counted: wordPiece.prefix)
    writer.write(UInt32(addedTokens.count))
    for token in addedTokens {
      writer.write(token.id)
      writer.write(token.isSpecial)
      writer.write(token.isNormalized)
      writer.write(token.stripsLeft)
      writer.write(token.stripsRight)
      writer.write(counted: token.content)
    }
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
    writer.write(counted: wordPiece.vocabulary.blob)
    writer.write(counted: wordPiece.vocabulary.starts)
    writer.write(counted: wordPiece.vocabulary.slots)
    return writer.bytes
  }

  /// Reads the binary form. The bytes are untrusted: every length and index is checked, and an accepted
  /// tokenizer can tokenise any text without a trap.
  public init(encoded bytes: [UInt8]) throws(TokenizerError) {
    self = try unsafe bytes.span.bytes.withUnsafeBytes { (bytes) throws(TokenizerError) in
      var reader = unsafe TokenizerReader(bytes, BinaryForm())
      return unsafe try Tokenizer(&reader)
    }
  }

  private init(_ reader: inout TokenizerReader) throws(TokenizerError) {
    guard unsafe try reader.read(UInt32.self) == Self.magic else {
      throw .corrupt(offset: 0, reason: "it does not begin with \"TTOK\"")
    }
    let version = unsafe try reader.read(UInt32.self)
    guard version == Self.version else {
      throw .unsupportedVersion(found: version, supported: Self.version)
    }
    let cleans = unsafe try reader.readBool()
    let chinese = unsafe try reader.readBool()
    let strips = unsafe try reader.readBool()
    let lowercases = unsafe try reader.readBool()
    let allows = unsafe try reader.readBool()
    let trimming = unsafe try reader.read(UInt8.self)
    guard trimming <= 2 else { throw unsafe reader.fail("the kind of trimming is \(trimming), above 2") }
    guard unsafe try reader.read(UInt16.self) == 0 else { throw unsafe reader.fail("a reserved flag is set") }
    let unknownID = unsafe try reader.read(UInt32.self)
    let maximumScalars = unsafe try reader.read(UInt32.self)
    let prefix = unsafe try reader.readCountedBytes()
    let addedTokens = unsafe try Self.readAddedTokens(&reader)
    let template = unsafe Template(single: try Self.readPieces(&reader), pair: try Self.readPieces(&reader))
    let vocabulary = unsafe try Self.readVocabulary(&reader)
    unsafe try reader.finish()

    guard unknownID < vocabulary.count else {
      throw unsafe reader.fail(
        "the unknown token's id \(unknownID) is not in the vocabulary of \(vocabulary.count)")
    }
    let limit = UInt32(Vocabulary.maximumCount)
    for token in addedTokens where token.id >= limit {
      throw unsafe reader.fail("an added token has id \(token.id)")
    }
    for piece in template.single + template.pair {
      if case .special(let id, _) = piece, id >= limit {
        throw unsafe reader.fail("the template has a token with id \(id)")
      }
    }
    try self.init(
      normalizerOptions: NormalizerOptions(
        lowercases: lowercases, stripsAccents: strips, cleansText: cleans, spacesChinese: chinese),
      wordPiece: WordPiece(
        vocabulary: vocabulary, unknownID: unknownID, prefix: prefix, maximumScalars: Int(maximumScalars)),
      addedTokens: addedTokens, template: template,
      trimming: trimming == 0 ? nil : OffsetTrimming(addsPrefixSpace: trimming == 2))
    allowsSpecialTokensInText = allows
  }

  private static func readAddedTokens(
    _ reader: inout TokenizerReader
  ) throws(TokenizerError) -> [AddedToken] {
    var tokens: [AddedToken] = []
    for _ in 0..<(unsafe try reader.readCount(elementSize: 12)) {
      tokens.append(
        unsafe AddedToken(
          id: try reader.read(), content: [], isSpecial: try reader.readBool(),
          isNormalized: try reader.readBool(), stripsLeft: try reader.readBool(),
          stripsRight: try reader.readBool()))
      unsafe tokens[tokens.count - 1].content = try reader.readCountedBytes()
    }
    return tokens
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

  private static func readVocabulary(_ reader: inout TokenizerReader) throws(TokenizerError) -> Vocabulary {
    let blob = unsafe try reader.readCountedBytes()
    let starts = unsafe try reader.readCountedUInt32s()
    guard starts.first == 0, starts.count >= 2, starts.count <= Vocabulary.maximumCount + 1,
      starts[starts.count - 1] == blob.count
    else { throw unsafe reader.fail("the vocabulary's tokens do not cover its text") }
    for index in 1..<starts.count where starts[index] < starts[index - 1] {
      throw unsafe reader.fail("the vocabulary's tokens are out of order")
    }
    let slots = unsafe try reader.readCountedUInt32s()
    guard slots.count == Vocabulary.slotCount(starts.count - 1) else {
      throw unsafe reader.fail(
        "the vocabulary's hash table has \(slots.count) slots for \(starts.count - 1) tokens")
    }
    for slot in slots where slot >= starts.count {
      throw unsafe reader.fail("the hash table names a token that is not there")
    }
    return Vocabulary(blob: blob, starts: starts, slots: slots)
  }
}

private typealias TokenizerReader = ByteReader<BinaryForm>

private struct BinaryForm: ByteReaderContext {
  func truncated(offset: UInt64, needed: UInt64, available: UInt64) -> TokenizerError {
    .corrupt(offset: Int(offset), reason: "expected \(needed) more bytes, found \(available)")
  }

  func malformed(_ value: MalformedValue, offset: UInt64, found: UInt64) -> TokenizerError {
    .corrupt(offset: Int(offset), reason: "expected \(value.expectation), found \(found)")
  }
}

extension ByteReader where Context == BinaryForm {
  fileprivate func fail(_ reason: String) -> TokenizerError {
    unsafe .corrupt(offset: position, reason: reason)
  }
}
