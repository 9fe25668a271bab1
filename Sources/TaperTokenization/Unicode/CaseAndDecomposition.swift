/// Lowercase and canonical decomposition of one scalar, as the reference tokenizer computes them.
enum CaseAndDecomposition {
  private static let hangulBase: UInt32 = 0xAC00
  private static let hangulCount: UInt32 = 11172

  /// The range of `UnicodeTables.decompositions` with the full canonical decomposition; nil without one and for Hangul
  /// syllables. Complexity: O(log decompositions).
  static func storedDecomposition(of scalar: UInt32) -> Range<Int>? {
    let keys = UnicodeTables.decomposed
    var low = 0
    var high = keys.count
    while low < high {
      let middle = (low + high) >> 1
      if keys[middle] < scalar { low = middle + 1 } else { high = middle }
    }
    guard low < keys.count, keys[low] == scalar else { return nil }
    let offsets = UnicodeTables.decompositionOffsets
    return Int(offsets[low])..<Int(offsets[low + 1])
  }

  /// The two or three jamo of a Hangul syllable (`third` is nil when there are two).
  static func hangulDecomposition(of scalar: UInt32) -> (first: UInt32, second: UInt32, third: UInt32?)? {
    guard scalar >= hangulBase, scalar - hangulBase < hangulCount else { return nil }
    let index = scalar - hangulBase
    let final = index % 28
    return (0x1100 + index / 588, 0x1161 + index % 588 / 28, final == 0 ? nil : 0x11A7 + final)
  }

  /// The lowercase of a scalar; U+0130 alone has a second scalar, U+0307. Complexity: O(log runs).
  static func lowercase(of scalar: UInt32) -> (first: UInt32, second: UInt32?) {
    if scalar == 0x130 { return (0x69, 0x307) }
    let starts = UnicodeTables.lowercaseFirst
    var low = 0
    var high = starts.count
    while low < high {
      let middle = (low + high) >> 1
      if starts[middle] <= scalar { low = middle + 1 } else { high = middle }
    }
    guard low > 0 else { return (scalar, nil) }
    let last = UnicodeTables.lowercaseLast[low - 1]
    let stride = last & 3
    guard scalar <= last >> 2, stride == 1 || (scalar - starts[low - 1]) & 1 == 0 else {
      return (scalar, nil)
    }
    return (UInt32(bitPattern: Int32(bitPattern: scalar) &+ UnicodeTables.lowercaseDelta[low - 1]), nil)
  }
}
