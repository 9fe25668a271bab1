/// Normalised UTF-8. Each byte has an origin: the scalars of the original text that it came from.
struct NormalizedText {
  var bytes: [UInt8] = []
  /// As many as `bytes`.
  var origins: [TokenOffset] = []

  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    origins.removeAll(keepingCapacity: true)
  }

  @inline(__always)
  mutating func append(_ byte: UInt8, _ origin: TokenOffset) {
    bytes.append(byte)
    origins.append(origin)
  }

  mutating func append(scalar: UInt32, _ origin: TokenOffset) {
    func tail(_ shift: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: scalar >> shift & 0x3F | 0x80) }
    if scalar < 0x80 {
      append(UInt8(truncatingIfNeeded: scalar), origin)
    } else if scalar < 0x800 {
      append(UInt8(truncatingIfNeeded: scalar >> 6 | 0xC0), origin)
      append(tail(0), origin)
    } else if scalar < 0x10000 {
      append(UInt8(truncatingIfNeeded: scalar >> 12 | 0xE0), origin)
      append(tail(6), origin)
      append(tail(0), origin)
    } else {
      append(UInt8(truncatingIfNeeded: scalar >> 18 | 0xF0), origin)
      append(tail(12), origin)
      append(tail(6), origin)
      append(tail(0), origin)
    }
  }

  /// The original scalars that the bytes `range` came from.
  /// - Precondition: `range` is not empty.
  func origin(of range: Range<Int>) -> TokenOffset {
    TokenOffset(begin: origins[range.lowerBound].begin, end: origins[range.upperBound - 1].end)
  }
}
