/// The Precompiled normalizer: SentencePiece's map from character sequences to their replacements, as the model file
/// holds it.
///
/// The blob has a count of bytes, a double array over UTF-8 (Darts-clone's 32-bit units), and the replacements, each
/// ended by a zero byte. A unit's bits: 0–7 label, 8 whether a value follows, 9 whether the offset is shifted by 8,
/// 10–31 offset; bit 31 marks a value, which is a place among the replacements.
struct CharacterMap: Hashable, Sendable {
  /// As stored in the model.
  let blob: [UInt8]
  private let units: [UInt32]
  private let replacements: [UInt8]
  /// Of each ASCII character, whether it stays as it is.
  private let keepsASCII: [Bool]

  static let maximumBytes = 1 << 24

  /// nil when the blob is cut short or its replacements are not UTF-8.
  init?(blob: [UInt8]) {
    guard blob.count >= 4, blob.count <= Self.maximumBytes else { return nil }
    func word(_ at: Int) -> UInt32 {
      (0..<4).reduce(UInt32(0)) { $0 | UInt32(blob[at + $1]) << (8 * UInt32($1)) }
    }
    let count = Int(word(0)) / 4
    guard count > 0, count <= (blob.count - 4) / 4 else { return nil }
    let replacements = Array(blob[(4 + 4 * count)...])
    guard UTF8Bytes.isWellFormed(replacements) else { return nil }
    self.blob = blob
    let units = (0..<count).map { word(4 + 4 * $0) }
    self.units = units
    self.replacements = replacements
    keepsASCII = (0..<128).map { code in
      Self.find(units, replacements, [UInt8(code)], 0..<1) == nil
    }
  }

  /// Length of the longest replacement, in bytes.
  var longestReplacement: Int {
    replacements.split(separator: 0).reduce(0) { max($0, $1.count) }
  }

  func apply(_ source: NormalizedText, into result: inout NormalizedText) {
    var writer = Writer(rewriter: TextRewriter(source))
    let bytes = source.bytes
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      if byte < 0x80, keepsASCII[Int(byte)], index + 1 == bytes.count || bytes[index + 1] < 0x80, byte != 0x0D
      {
        writer.put(UInt32(byte), change: 0, into: &result)
        index += 1
        continue
      }
      let end = GraphemeClusters.end(in: bytes, from: index, limit: bytes.count)
      // The shortest prefix that has a replacement decides, for the whole cluster; for long ones scalar by scalar.
      if end - index < 6, let found = Self.find(units, replacements, bytes, index..<end) {
        let count = UTF8Bytes.scalarCount(in: bytes, index..<end)
        writer.put(replacements, found, for: count, into: &result)
        index = end
        continue
      }
      while index < end {
        let (scalar, length) = UTF8Bytes.scalar(in: bytes, at: index)
        if let found = Self.find(units, replacements, bytes, index..<(index + length)) {
          writer.put(replacements, found, for: 1, into: &result)
        } else {
          writer.put(scalar, change: 0, into: &result)
        }
        index += length
      }
    }
    writer.finish(into: &result)
  }

  /// Holds back the last scalar: removed scalars count as a change of the one before them, as in the reference.
  private struct Writer {
    var rewriter: TextRewriter
    private var last: (scalar: UInt32, change: Int)?

    init(rewriter: TextRewriter) { self.rewriter = rewriter }

    mutating func put(_ scalar: UInt32, change: Int, into result: inout NormalizedText) {
      finish(into: &result)
      last = (scalar, change)
    }

    /// Writes a replacement for `oldCount` scalars. Scalars that are more than those are inserted at its end.
    mutating func put(
      _ replacements: [UInt8], _ range: Range<Int>, for oldCount: Int, into result: inout NormalizedText
    ) {
      var count = 0
      var index = range.lowerBound
      while index < range.upperBound {
        let (scalar, length) = UTF8Bytes.scalar(in: replacements, at: index)
        put(scalar, change: count < oldCount ? 0 : 1, into: &result)
        count += 1
        index += length
      }
      if count < oldCount { last?.change -= oldCount - count }
    }

    mutating func finish(into result: inout NormalizedText) {
      if let last { rewriter.write(last.scalar, change: last.change, into: &result) }
      last = nil
    }
  }

  /// The replacement of the shortest prefix of `bytes[range]` that has one. A damaged array finds nothing.
  private static func find(
    _ units: [UInt32], _ replacements: [UInt8], _ bytes: [UInt8], _ range: Range<Int>
  ) -> Range<Int>? {
    var node = offset(units[0])
    for index in range {
      let byte = UInt32(bytes[index])
      if byte == 0 { return nil }
      node ^= byte
      guard node < units.count else { return nil }
      let unit = units[Int(node)]
      guard unit & 0x8000_00FF == byte else { return nil }
      node ^= offset(unit)
      guard unit >> 8 & 1 == 1 else { continue }
      guard node < units.count else { return nil }
      let begin = Int(units[Int(node)] & 0x7FFF_FFFF)
      guard begin <= replacements.count else { return nil }
      if begin < replacements.count, replacements[begin] & 0xC0 == 0x80 { return nil }
      var end = begin
      while end < replacements.count, replacements[end] != 0 { end += 1 }
      return begin..<end
    }
    return nil
  }

  private static func offset(_ unit: UInt32) -> UInt32 { (unit >> 10) << (unit >> 6 & 8) }
}
