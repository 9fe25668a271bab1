/// Compatibility decomposition and canonical composition of scalars, as the reference tokenizer computes them.
enum CompatibilityAndComposition {
  /// The range of `UnicodeTables.compatibleParts` with the full compatibility decomposition; nil when it is the
  /// canonical one. Complexity: O(log decompositions).
  static func storedDecomposition(of scalar: UInt32) -> Range<Int>? {
    let keys = UnicodeTables.compatible
    let place = lowerBound(keys, 0..<keys.count, scalar)
    guard place < keys.count, keys[place] == scalar else { return nil }
    let offsets = UnicodeTables.compatibleOffsets
    return Int(offsets[place])..<Int(offsets[place + 1])
  }

  /// The scalar that two compose to. Complexity: O(log compositions).
  static func composition(_ first: UInt32, _ second: UInt32) -> UInt32? {
    if second < 0x300 { return nil }  // no scalar below the combining marks is a second part
    if let syllable = hangul(first, second) { return syllable }
    let firsts = UnicodeTables.composedFirst
    let begin = lowerBound(firsts, 0..<firsts.count, first)
    let end = lowerBound(firsts, begin..<firsts.count, first + 1)
    let seconds = UnicodeTables.composedSecond
    let place = lowerBound(seconds, begin..<end, second)
    guard place < end, seconds[place] == second else { return nil }
    return UnicodeTables.composed[place]
  }

  private static func hangul(_ first: UInt32, _ second: UInt32) -> UInt32? {
    if 0x1100...0x1112 ~= first, 0x1161...0x1175 ~= second {
      return 0xAC00 + (first - 0x1100) * 588 + (second - 0x1161) * 28
    }
    if 0xAC00...0xD7A3 ~= first, (first - 0xAC00) % 28 == 0, 0x11A8...0x11C2 ~= second {
      return first + second - 0x11A7
    }
    return nil
  }

  /// The first place in `range` whose value is not below `value`, in an ascending part of an array.
  private static func lowerBound(_ values: [UInt32], _ range: Range<Int>, _ value: UInt32) -> Int {
    var low = range.lowerBound
    var high = range.upperBound
    while low < high {
      let middle = (low + high) >> 1
      if values[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
