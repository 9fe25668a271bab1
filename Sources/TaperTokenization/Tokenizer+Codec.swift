/// The binary form that a plan carries, little-endian:
///
///     "TTOK", version
///     flags (bytes): cleans, sets Chinese off, strips accents, lowercases, allows special tokens, trimming
///     (0 none, 1 trims, 2 trims and adds a prefix space), 0, 0
///     id of the unknown token, longest word in scalars, prefix
///     added tokens: number; each id, flags, content
///     templates, one text and two: number of pieces; each kind (0 token, 1 first text, 2 second), id, type
///     vocabulary: bytes of all tokens; starts; hash table
///
/// Lists and byte strings have their length before them. The hash table is stored as it is used.
extension Tokenizer {
  static let magic: UInt32 = 0x4B4F_5454
  static let version: UInt32 = 1

  /// The binary form. Equal tokenizers have equal bytes.
  public func encoded() -> [UInt8] {
    var writer = ByteWriter()
    writer.integer(Self.magic)
    writer.integer(Self.version)
    writer.flag(normalizerOptions.cleansText)
    writer.flag(normalizerOptions.spacesChinese)
    writer.flag(normalizerOptions.stripsAccents)
    writer.flag(normalizerOptions.lowercases)
    writer.flag(allowsSpecialTokensInText)
    writer.byte(trimming.map { $0.addsPrefixSpace ? 2 : 1 } ?? 0)
    writer.byte(0)
    writer.byte(0)
    writer.integer(wordPiece.unknownID)
    writer.integer(UInt32(wordPiece.maximumScalars))
    writer.bytes(wordPiece.prefix)
    writer.integer(UInt32(addedTokens.count))
    for token in addedTokens {
      writer.integer(token.id)
      writer.flag(token.isSpecial)
      writer.flag(token.isNormalized)
      writer.flag(token.stripsLeft)
      writer.flag(token.stripsRight)
      writer.bytes(token.content)
    }
    for pieces in [template.single, template.pair] {
      writer.integer(UInt32(pieces.count))
      for piece in pieces {
        let (kind, id, typeID): (UInt32, UInt32, UInt32) =
          switch piece {
          case .special(let id, let typeID): (0, id, typeID)
          case .first(let typeID): (1, 0, typeID)
          case .second(let typeID): (2, 0, typeID)
          }
        writer.integer(kind)
        writer.integer(id)
        writer.integer(typeID)
      }
    }
    writer.bytes(wordPiece.vocabulary.blob)
    writer.integers(wordPiece.vocabulary.starts)
    writer.integers(wordPiece.vocabulary.slots)
    return writer.bytes
  }

  /// Reads the binary form. The bytes may come from anywhere: every length and index is checked, and what is
  /// accepted can tokenise any text without a trap.
  public init(encoded bytes: [UInt8]) throws(TokenizerError) {
    var reader = ByteReader(bytes)
    guard try reader.integer("the signature") == Self.magic else {
      throw .corrupt(offset: 0, reason: "it does not begin with \"TTOK\"")
    }
    let version = try reader.integer("the version")
    guard version == Self.version else {
      throw .unsupportedVersion(found: version, supported: Self.version)
    }
    let cleans = try reader.flag("the flag for cleaning")
    let chinese = try reader.flag("the flag for Chinese")
    let strips = try reader.flag("the flag for accents")
    let lowercases = try reader.flag("the flag for lowercase")
    let allows = try reader.flag("the flag for special tokens")
    let trimming = try reader.byte("the kind of trimming")
    guard trimming <= 2 else { throw reader.fail("the kind of trimming is \(trimming), above 2") }
    for _ in 0..<2 where try reader.byte("the reserved flags") != 0 {
      throw reader.fail("a reserved flag is set")
    }
    let unknownID = try reader.integer("the id of the unknown token")
    let maximumScalars = try reader.integer("the longest word")
    let prefix = try reader.bytes("the prefix")
    let addedTokens = try Self.readAddedTokens(&reader)
    let template = Template(single: try Self.readPieces(&reader), pair: try Self.readPieces(&reader))
    let vocabulary = try Self.readVocabulary(&reader)
    guard reader.remaining == 0 else { throw reader.fail("\(reader.remaining) bytes follow its end") }

    guard unknownID < vocabulary.count else {
      throw reader.fail("the unknown token's id \(unknownID) is not in the vocabulary of \(vocabulary.count)")
    }
    let limit = UInt32(Vocabulary.maximumCount)
    for token in addedTokens where token.id >= limit {
      throw reader.fail("an added token has id \(token.id)")
    }
    for piece in template.single + template.pair {
      if case .special(let id, _) = piece, id >= limit {
        throw reader.fail("the template has a token with id \(id)")
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

  private static func readAddedTokens(_ reader: inout ByteReader) throws(TokenizerError) -> [AddedToken] {
    let count = try reader.count("the number of added tokens", size: 12)
    var tokens: [AddedToken] = []
    for _ in 0..<count {
      tokens.append(
        AddedToken(
          id: try reader.integer("an added token's id"), content: [],
          isSpecial: try reader.flag("an added token's flag"),
          isNormalized: try reader.flag("an added token's flag"),
          stripsLeft: try reader.flag("an added token's flag"),
          stripsRight: try reader.flag("an added token's flag")))
      tokens[tokens.count - 1].content = try reader.bytes("an added token")
    }
    return tokens
  }

  private static func readPieces(_ reader: inout ByteReader) throws(TokenizerError) -> [Template.Piece] {
    let count = try reader.count("the length of a template", size: 12)
    var pieces: [Template.Piece] = []
    for _ in 0..<count {
      let kind = try reader.integer("a template's kind")
      let id = try reader.integer("a template's token")
      let typeID = try reader.integer("a template's type")
      guard typeID <= 1 else { throw reader.fail("a template has type \(typeID), above 1") }
      switch kind {
      case 0: pieces.append(.special(id: id, typeID: typeID))
      case 1: pieces.append(.first(typeID: typeID))
      case 2: pieces.append(.second(typeID: typeID))
      default: throw reader.fail("a template has a piece of kind \(kind), above 2")
      }
    }
    // One text stands in a template once: a repeated one would let a few bytes blow an encoding up.
    for isFirst in [true, false] {
      let uses = pieces.count {
        switch $0 {
        case .first: isFirst
        case .second: !isFirst
        case .special: false
        }
      }
      guard uses <= 1 else { throw reader.fail("a template has one text \(uses) times") }
    }
    return pieces
  }

  private static func readVocabulary(_ reader: inout ByteReader) throws(TokenizerError) -> Vocabulary {
    let blob = try reader.bytes("the vocabulary's text")
    let starts = try reader.integers("the vocabulary's tokens")
    guard starts.first == 0, starts.count >= 2, starts.count <= Vocabulary.maximumCount + 1,
      starts[starts.count - 1] == blob.count
    else { throw reader.fail("the vocabulary's tokens do not cover its text") }
    for index in 1..<starts.count where starts[index] < starts[index - 1] {
      throw reader.fail("the vocabulary's tokens are out of order")
    }
    let slots = try reader.integers("the slots of the vocabulary's hash table")
    guard slots.count == Vocabulary.slotCount(starts.count - 1) else {
      throw reader.fail("the vocabulary's hash table has \(slots.count) slots for \(starts.count - 1) tokens")
    }
    for slot in slots where slot >= starts.count {
      throw reader.fail("the hash table names a token that is not there")
    }
    return Vocabulary(blob: blob, starts: starts, slots: slots)
  }
}
