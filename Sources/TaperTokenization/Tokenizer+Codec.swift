/// The tokenizer section of a plan: little-endian, counts before contents, everything bounded by the bytes at hand.
///
///     version, flags, unknown id, maximum scalars, prefix; templates; added tokens; token offsets; token bytes
extension Tokenizer {
  static let codecVersion: UInt32 = 1

  public func encoded() -> [UInt8] {
    var writer = ByteWriter()
    writer.u32(Self.codecVersion)
    let flags = [
      normalizer.cleansText, normalizer.spacesChinese, normalizer.stripsAccents, normalizer.lowercases,
      trimsOffsets,
    ]
    writer.u32(flags.enumerated().reduce(0) { $0 | ($1.element ? 1 << UInt32($1.offset) : 0) })
    writer.u32(model.unknown)
    writer.u32(UInt32(model.maximumScalars))
    writer.bytes(model.continuationPrefix)
    for pieces in [template.single, template.pair] {
      writer.u32(UInt32(pieces.count))
      for piece in pieces {
        switch piece {
        case .special(let id, let type): [0, id, type].forEach { writer.u32($0) }
        case .text(let index, let type): [1, UInt32(index), type].forEach { writer.u32($0) }
        }
      }
    }
    writer.u32(UInt32(addedTokens.count))
    for token in addedTokens {
      writer.u32(token.id)
      let flags = [
        token.isNormalized, token.stripsLeft, token.stripsRight, token.isSingleWord, token.isSpecial,
      ]
      writer.u32(flags.enumerated().reduce(0) { $0 | ($1.element ? 1 << UInt32($1.offset) : 0) })
      writer.u32(UInt32(token.content.count))
      token.content.forEach { writer.u32($0) }
    }
    writer.u32(UInt32(model.vocabulary.offsets.count))
    model.vocabulary.offsets.forEach { writer.u32($0) }
    writer.bytes(model.vocabulary.bytes)
    return writer.result
  }

  /// - Throws: `corrupt`, `unsupportedVersion`, `duplicate`; never traps, whatever the bytes.
  public init(encoded: [UInt8]) throws(TokenizerError) {
    var reader = ByteReader(bytes: encoded)
    let version = try reader.u32()
    guard version == Self.codecVersion else {
      throw .unsupportedVersion(found: version, supported: Self.codecVersion)
    }
    let flags = try reader.u32(below: 32)
    let unknown = try reader.u32()
    let maximumScalars = try reader.u32(below: 10_001)
    let prefix = try reader.bytes(atMost: 64)
    var templates: [[Template.Piece]] = []
    for texts in 1...2 { templates.append(try Self.pieces(&reader, texts: texts)) }
    var added: [AddedToken] = []
    for _ in 0..<(try reader.count(elementBytes: 12)) { added.append(try Self.addedToken(&reader)) }
    var offsets: [UInt32] = []
    let count = try reader.count(elementBytes: 4)
    offsets.reserveCapacity(count)
    for _ in 0..<count { offsets.append(try reader.u32()) }
    let bytes = try reader.bytes(atMost: encoded.count)
    try reader.expect(reader.isAtEnd, "the end")
    try reader.expect(
      offsets.first == 0 && Int(offsets.last ?? 0) == bytes.count
        && zip(offsets, offsets.dropFirst()).allSatisfy(<=),
      "ascending token offsets")
    guard let vocabulary = Vocabulary(bytes: bytes, offsets: offsets) else { throw .duplicate("a token") }
    try reader.expect(Int(unknown) < vocabulary.count, "an unknown token of the vocabulary")
    self.init(
      normalizer: Normalizer(
        cleansText: flags & 1 != 0, spacesChinese: flags & 2 != 0, stripsAccents: flags & 4 != 0,
        lowercases: flags & 8 != 0),
      model: WordPiece(
        vocabulary: vocabulary, continuationPrefix: prefix, unknown: unknown,
        maximumScalars: Int(maximumScalars)),
      template: Template(single: templates[0], pair: templates[1]), addedTokens: added,
      trimsOffsets: flags & 16 != 0)
  }

  private static func pieces(_ reader: inout ByteReader, texts: Int) throws(TokenizerError) -> [Template
    .Piece]
  {
    let count = try reader.count(elementBytes: 12)
    try reader.expect(count <= 64, "at most 64 template pieces")
    var pieces: [Template.Piece] = []
    var next = 0
    for _ in 0..<count {
      let isText = try reader.u32(below: 2) == 1
      let value = try reader.u32()
      let type = try reader.u32(below: 256)
      if isText {
        try reader.expect(Int(value) == next && next < texts, "the texts in order")
        next += 1
        pieces.append(.text(Int(value), type: type))
      } else {
        pieces.append(.special(id: value, type: type))
      }
    }
    try reader.expect(next == texts, "\(texts) texts in the template")
    return pieces
  }

  private static func addedToken(_ reader: inout ByteReader) throws(TokenizerError) -> AddedToken {
    let id = try reader.u32()
    let flags = try reader.u32(below: 32)
    let count = try reader.count(elementBytes: 4)
    try reader.expect(count > 0, "an added token that is not empty")
    var content: [UInt32] = []
    for _ in 0..<count { content.append(try reader.u32(below: 0x110000)) }
    return AddedToken(
      id: id, content: content, isNormalized: flags & 1 != 0, stripsLeft: flags & 2 != 0,
      stripsRight: flags & 4 != 0,
      isSingleWord: flags & 8 != 0, isSpecial: flags & 16 != 0)
  }
}

struct ByteWriter {
  var result: [UInt8] = []

  mutating func u32(_ value: UInt32) {
    for shift in [0, 8, 16, 24] as [UInt32] { result.append(UInt8(truncatingIfNeeded: value >> shift)) }
  }

  mutating func bytes(_ bytes: [UInt8]) {
    u32(UInt32(bytes.count))
    result += bytes
  }
}

struct ByteReader {
  let bytes: [UInt8]
  var position = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { position == bytes.count }

  func expect(_ condition: Bool, _ expected: String) throws(TokenizerError) {
    if !condition { throw .corrupt(offset: position, expected: expected) }
  }

  mutating func u32(below limit: UInt32? = nil) throws(TokenizerError) -> UInt32 {
    try expect(bytes.count - position >= 4, "four more bytes")
    var value: UInt32 = 0
    for index in (0..<4).reversed() { value = value << 8 | UInt32(bytes[position + index]) }
    if let limit { try expect(value < limit, "a number below \(limit)") }
    position += 4
    return value
  }

  /// A count of elements of at least `elementBytes` bytes each, all of which must still be there.
  mutating func count(elementBytes: Int) throws(TokenizerError) -> Int {
    let count = Int(try u32())
    try expect(count <= (bytes.count - position) / elementBytes, "\(count) elements")
    return count
  }

  mutating func bytes(atMost limit: Int) throws(TokenizerError) -> [UInt8] {
    let count = try count(elementBytes: 1)
    try expect(count <= limit, "at most \(limit) bytes")
    defer { position += count }
    return Array(bytes[position..<position + count])
  }
}
