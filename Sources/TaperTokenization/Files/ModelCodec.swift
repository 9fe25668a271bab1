import TaperBase

/// The binary form of a model and its vocabulary.
///
///     vocabulary: bytes of all tokens; starts; hash table
///     0 WordPiece: id of the unknown token, longest word in scalars, prefix
///     1 BPE: whether it has an unknown token, its id, fuses unknown, falls back to bytes, ignores merges (bytes but
///       the id), prefix, suffix; merges (each left token, right token, result, rank), hash table
///     2 Unigram: id of the unknown token, falls back to bytes, scores (f64); trie: labels, first children, values
///     3 WordLevel: id of the unknown token
enum ModelCodec {
  static func write(_ vocabulary: Vocabulary, to writer: inout ByteWriter) {
    writer.write(counted: vocabulary.blob)
    writer.write(counted: vocabulary.starts)
    writer.write(counted: vocabulary.slots)
  }

  static func readVocabulary(_ reader: inout TokenizerReader) throws(TokenizerError) -> Vocabulary {
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

  // MARK: Models

  static func write(_ model: TokenModel, to writer: inout ByteWriter) {
    switch model {
    case .wordPiece(let model):
      writer.write(UInt8(0))
      write(model, to: &writer)
    case .bytePairs(let model):
      writer.write(UInt8(1))
      write(model, to: &writer)
    case .unigram(let model):
      writer.write(UInt8(2))
      write(model, to: &writer)
    case .wordLevel(let model):
      writer.write(UInt8(3))
      writer.write(model.unknownID)
    }
  }

  static func readModel(
    _ vocabulary: Vocabulary, _ reader: inout TokenizerReader
  ) throws(TokenizerError) -> TokenModel {
    switch unsafe try reader.read(UInt8.self) {
    case 0: .wordPiece(unsafe try readWordPieceSettings(&reader).model(vocabulary, &reader))
    case 1: .bytePairs(unsafe try readBytePairs(vocabulary, &reader))
    case 2: .unigram(unsafe try readUnigram(vocabulary, &reader))
    case 3:
      .wordLevel(WordLevel(vocabulary: vocabulary, unknownID: unsafe try readToken(vocabulary, &reader)))
    case let kind: throw unsafe reader.fail("the kind of model is \(kind), above 3")
    }
  }

  private static func readToken(
    _ vocabulary: Vocabulary, _ reader: inout TokenizerReader
  ) throws(TokenizerError) -> UInt32 {
    let id = unsafe try reader.read(UInt32.self)
    guard id < vocabulary.count else {
      throw unsafe reader.fail("the unknown token's id \(id) is not in the vocabulary of \(vocabulary.count)")
    }
    return id
  }

  // MARK: WordPiece

  /// A WordPiece model without its vocabulary, which the first version of the form has elsewhere.
  struct WordPieceSettings {
    var unknownID: UInt32
    var maximumScalars: UInt32
    var prefix: [UInt8]

    func model(
      _ vocabulary: Vocabulary, _ reader: inout TokenizerReader
    ) throws(TokenizerError) -> WordPiece {
      guard unknownID < vocabulary.count else {
        throw unsafe reader.fail(
          "the unknown token's id \(unknownID) is not in the vocabulary of \(vocabulary.count)")
      }
      return WordPiece(
        vocabulary: vocabulary, unknownID: unknownID, prefix: prefix, maximumScalars: Int(maximumScalars))
    }
  }

  static func write(_ model: WordPiece, to writer: inout ByteWriter) {
    writer.write(model.unknownID)
    writer.write(UInt32(model.maximumScalars))
    writer.write(counted: model.prefix)
  }

  static func readWordPieceSettings(
    _ reader: inout TokenizerReader
  ) throws(TokenizerError) -> WordPieceSettings {
    unsafe WordPieceSettings(
      unknownID: try reader.read(), maximumScalars: try reader.read(), prefix: try reader.readCountedBytes())
  }

  // MARK: BPE

  private static func write(_ model: BytePairEncoding, to writer: inout ByteWriter) {
    let options = model.options
    writer.write(options.unknownID != nil)
    writer.write(options.unknownID ?? 0)
    writer.write(options.fusesUnknown)
    writer.write(options.fallsBackToBytes)
    writer.write(options.ignoresMerges)
    writer.write(counted: options.prefix)
    writer.write(counted: options.suffix)
    writer.write(counted: model.merges.merges)
    writer.write(counted: model.merges.slots)
  }

  private static func readBytePairs(
    _ vocabulary: Vocabulary, _ reader: inout TokenizerReader
  ) throws(TokenizerError) -> BytePairEncoding {
    let hasUnknown = unsafe try reader.readBool()
    let unknownID = unsafe try readToken(vocabulary, &reader)
    let options = unsafe BytePairEncoding.Options(
      unknownID: hasUnknown ? unknownID : nil, fusesUnknown: try reader.readBool(),
      fallsBackToBytes: try reader.readBool(), ignoresMerges: try reader.readBool(),
      prefix: try reader.readCountedBytes(), suffix: try reader.readCountedBytes())
    let list = unsafe try reader.readCountedUInt32s()
    let slots = unsafe try reader.readCountedUInt32s()
    guard let merges = MergeTable(merges: list, slots: slots, vocabularyCount: vocabulary.count) else {
      throw unsafe reader.fail("the merges contradict each other")
    }
    return BytePairEncoding(vocabulary: vocabulary, merges: merges, options: options)
  }

  // MARK: Unigram

  private static func write(_ model: Unigram, to writer: inout ByteWriter) {
    writer.write(model.unknownID)
    writer.write(model.fallsBackToBytes)
    writer.write(
      counted: model.scores.flatMap {
        [UInt32(truncatingIfNeeded: $0.bitPattern), UInt32(truncatingIfNeeded: $0.bitPattern >> 32)]
      })
    writer.write(counted: model.trie.labels)
    writer.write(counted: model.trie.firstChild)
    writer.write(counted: model.trie.values)
  }

  private static func readUnigram(
    _ vocabulary: Vocabulary, _ reader: inout TokenizerReader
  ) throws(TokenizerError) -> Unigram {
    let unknownID = unsafe try readToken(vocabulary, &reader)
    let fallsBackToBytes = unsafe try reader.readBool()
    let halves = unsafe try reader.readCountedUInt32s()
    guard halves.count == 2 * vocabulary.count else {
      throw unsafe reader.fail("there are \(halves.count / 2) scores for \(vocabulary.count) tokens")
    }
    let scores = (0..<vocabulary.count).map {
      Double(bitPattern: UInt64(halves[2 * $0 + 1]) << 32 | UInt64(halves[2 * $0]))
    }
    guard scores.allSatisfy(\.isFinite) else { throw unsafe reader.fail("a score is not a number") }
    let labels = unsafe try reader.readCountedBytes()
    let firstChild = unsafe try reader.readCountedUInt32s()
    let values = unsafe try reader.readCountedUInt32s()
    guard let trie = ByteTrie(labels: labels, firstChild: firstChild, values: values),
      values.allSatisfy({ $0 <= vocabulary.count })
    else { throw unsafe reader.fail("the trie contradicts itself") }
    return Unigram(
      vocabulary: vocabulary, scores: scores, unknownID: unknownID, fallsBackToBytes: fallsBackToBytes,
      trie: trie)
  }
}
