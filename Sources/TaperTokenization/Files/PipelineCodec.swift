import TaperBase

/// The binary form of a pipeline's steps: a byte for the kind and the step's options. Kinds are for ever: new ones are
/// appended.
///
///     normalizer                                      pre-tokenizer
///     0 BertNormalizer: cleans, sets Chinese off,     0 BertPreTokenizer
///       strips accents, lowercases                    1 WhitespaceSplit
///     1 Lowercase                                     2 Whitespace
///     2 NF…: is compatible, composes                  3 Punctuation: behavior
///     3 StripAccents                                  4 Digits: behavior
///     4 Nmt                                           5 Metaspace: replacement (u32), scheme, splits
///     5 Strip: left, right                            6 ByteLevel: adds a prefix space, splits
///     6 Replace: pattern, content                     7 Split: pattern, behavior, inverts
///     7 Prepend: text                                 8 Split by a known expression: number, behavior, inverts
///     8 Precompiled: blob
///     9 ByteLevel
///
/// A pattern is 0 and a text, or 1 and runs (number; each ranges of scalars (number; each first and last), whether
/// white space belongs to them (byte), the fewest scalars (u32), whether it takes all there are (byte)).
enum PipelineCodec {
  static func write(_ pipeline: Pipeline, to writer: inout ByteWriter) {
    writer.write(UInt32(pipeline.normalizations.count))
    for step in pipeline.normalizations { write(step, to: &writer) }
    writer.write(UInt32(pipeline.splittings.count))
    for step in pipeline.splittings { write(step, to: &writer) }
  }

  static func read(_ reader: inout TokenizerReader) throws(TokenizerError) -> Pipeline {
    var normalizations: [Normalization] = []
    for _ in 0..<(unsafe try reader.readCount(elementSize: 1)) {
      normalizations.append(unsafe try readNormalization(&reader))
    }
    var splittings: [Splitting] = []
    for _ in 0..<(unsafe try reader.readCount(elementSize: 1)) {
      splittings.append(unsafe try readSplitting(&reader))
    }
    return Pipeline(normalizations: normalizations, splittings: splittings)
  }

  // MARK: Normalizer

  private static func write(_ step: Normalization, to writer: inout ByteWriter) {
    func begin(_ kind: UInt8) { writer.write(kind) }
    switch step {
    case .bert(let options):
      begin(0)
      writer.write(options.cleansText)
      writer.write(options.spacesChinese)
      writer.write(options.stripsAccents)
      writer.write(options.lowercases)
    case .lowercase: begin(1)
    case .form(let kind):
      begin(2)
      writer.write(kind.isCompatible)
      writer.write(kind.composes)
    case .stripAccents: begin(3)
    case .nmt: begin(4)
    case .strip(let left, let right):
      begin(5)
      writer.write(left)
      writer.write(right)
    case .replace(let pattern, let content):
      begin(6)
      write(pattern, to: &writer)
      writer.write(counted: content)
    case .prepend(let text):
      begin(7)
      writer.write(counted: text)
    case .characterMap(let map):
      begin(8)
      writer.write(counted: map.blob)
    case .byteLevel: begin(9)
    case .clean, .spaceChinese, .dropNonspacingMarks:
      preconditionFailure("a pass of BertNormalizer, not a step")
    }
  }

  private static func readNormalization(
    _ reader: inout TokenizerReader
  ) throws(TokenizerError) -> Normalization {
    switch unsafe try reader.read(UInt8.self) {
    case 0:
      let cleans = unsafe try reader.readBool()
      let chinese = unsafe try reader.readBool()
      let strips = unsafe try reader.readBool()
      return .bert(
        BertNormalizerOptions(
          lowercases: unsafe try reader.readBool(), stripsAccents: strips, cleansText: cleans,
          spacesChinese: chinese))
    case 1: return .lowercase
    case 2:
      return .form(
        unsafe NormalizationForm.Kind(isCompatible: try reader.readBool(), composes: try reader.readBool()))
    case 3: return .stripAccents
    case 4: return .nmt
    case 5: return .strip(left: unsafe try reader.readBool(), right: unsafe try reader.readBool())
    case 6:
      let pattern = unsafe try readPattern(&reader)
      return .replace(pattern, with: unsafe try readText(&reader))
    case 7: return .prepend(unsafe try readText(&reader))
    case 8:
      guard let map = CharacterMap(blob: unsafe try reader.readCountedBytes()) else {
        throw unsafe reader.fail("the character map is damaged")
      }
      return .characterMap(map)
    case 9: return .byteLevel
    case let kind: throw unsafe reader.fail("the kind of a normalizer is \(kind), above 9")
    }
  }

  // MARK: Pre-tokenizer

  private static func write(_ step: Splitting, to writer: inout ByteWriter) {
    func begin(_ kind: UInt8) { writer.write(kind) }
    switch step {
    case .bert: begin(0)
    case .whiteSpace: begin(1)
    case .words: begin(2)
    case .punctuation(let behavior):
      begin(3)
      writer.write(behavior.rawValue)
    case .digits(let behavior):
      begin(4)
      writer.write(behavior.rawValue)
    case .metaspace(let replacement, let prepending, let splits):
      begin(5)
      writer.write(replacement)
      writer.write(prepending.rawValue)
      writer.write(splits)
    case .byteLevel(let addsPrefixSpace, let splits):
      begin(6)
      writer.write(addsPrefixSpace)
      writer.write(splits)
    case .pattern(let pattern, let behavior, let inverts):
      begin(7)
      write(pattern, to: &writer)
      writer.write(behavior.rawValue)
      writer.write(inverts)
    case .wordPattern(let pattern, let behavior, let inverts):
      begin(8)
      writer.write(pattern.rawValue)
      writer.write(behavior.rawValue)
      writer.write(inverts)
    }
  }

  private static func readSplitting(_ reader: inout TokenizerReader) throws(TokenizerError) -> Splitting {
    func behavior(_ reader: inout TokenizerReader) throws(TokenizerError) -> SplitBehavior {
      unsafe try reader.readCase { SplitBehavior(rawValue: $0) }
    }
    switch unsafe try reader.read(UInt8.self) {
    case 0: return .bert
    case 1: return .whiteSpace
    case 2: return .words
    case 3: return .punctuation(unsafe try behavior(&reader))
    case 4: return .digits(unsafe try behavior(&reader))
    case 5:
      let replacement = unsafe try readScalar(&reader)
      let prepending = unsafe try reader.readCase { Splitting.Prepending(rawValue: $0) }
      return .metaspace(replacement: replacement, prepending, splits: unsafe try reader.readBool())
    case 6:
      let addsPrefixSpace = unsafe try reader.readBool()
      return .byteLevel(addsPrefixSpace: addsPrefixSpace, splits: unsafe try reader.readBool())
    case 7:
      let pattern = unsafe try readPattern(&reader)
      let behavior = unsafe try behavior(&reader)
      return .pattern(pattern, behavior, inverts: unsafe try reader.readBool())
    case 8:
      let pattern = unsafe try reader.readCase { WordPattern(rawValue: $0) }
      let behavior = unsafe try behavior(&reader)
      return .wordPattern(pattern, behavior, inverts: unsafe try reader.readBool())
    case let kind: throw unsafe reader.fail("the kind of a pre-tokenizer is \(kind), above 8")
    }
  }

  // MARK: Patterns and texts

  private static func write(_ pattern: TextPattern, to writer: inout ByteWriter) {
    switch pattern {
    case .text(let text):
      writer.write(UInt8(0))
      writer.write(counted: text)
    case .runs(let runs):
      writer.write(UInt8(1))
      writer.write(UInt32(runs.count))
      for run in runs {
        writer.write(UInt32(run.scalars.count))
        for range in run.scalars {
          writer.write(range.lowerBound)
          writer.write(range.upperBound)
        }
        writer.write(run.hasWhiteSpace)
        writer.write(UInt32(run.minimum))
        writer.write(run.isGreedy)
      }
    }
  }

  private static func readPattern(_ reader: inout TokenizerReader) throws(TokenizerError) -> TextPattern {
    switch unsafe try reader.read(UInt8.self) {
    case 0:
      let text = unsafe try readText(&reader)
      guard !text.isEmpty else { throw unsafe reader.fail("a pattern is empty") }
      return .text(text)
    case 1:
      var runs: [TextPattern.ScalarRun] = []
      for _ in 0..<(unsafe try reader.readCount(elementSize: 10)) { runs.append(unsafe try readRun(&reader)) }
      return .runs(runs)
    case let kind: throw unsafe reader.fail("the kind of a pattern is \(kind), above 1")
    }
  }

  private static func readRun(
    _ reader: inout TokenizerReader
  ) throws(TokenizerError) -> TextPattern.ScalarRun {
    var scalars: [ClosedRange<UInt32>] = []
    for _ in 0..<(unsafe try reader.readCount(elementSize: 8)) {
      let first = unsafe try reader.read(UInt32.self)
      let last = unsafe try reader.read(UInt32.self)
      guard first <= last else { throw unsafe reader.fail("a pattern's range ends before it begins") }
      scalars.append(first...last)
    }
    let hasWhiteSpace = unsafe try reader.readBool()
    let minimum = unsafe try reader.read(UInt32.self)
    guard 1...1000 ~= minimum else { throw unsafe reader.fail("a pattern matches \(minimum) characters") }
    return TextPattern.ScalarRun(
      scalars: scalars, hasWhiteSpace: hasWhiteSpace, minimum: Int(minimum),
      isGreedy: unsafe try reader.readBool())
  }

  private static func readText(_ reader: inout TokenizerReader) throws(TokenizerError) -> [UInt8] {
    let text = unsafe try reader.readCountedBytes()
    guard UTF8Bytes.isWellFormed(text) else { throw unsafe reader.fail("a text is not UTF-8") }
    return text
  }

  private static func readScalar(_ reader: inout TokenizerReader) throws(TokenizerError) -> UInt32 {
    let scalar = unsafe try reader.read(UInt32.self)
    guard Unicode.Scalar(scalar) != nil else { throw unsafe reader.fail("\(scalar) is no character") }
    return scalar
  }
}
