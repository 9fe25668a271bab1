/// Normalised UTF-8. Each byte has an origin: the scalars of the original text that it came from.
struct NormalizedText {
  var bytes: [UInt8] = []
  /// As many as `bytes`.
  var origins: [TokenOffset] = []
  /// The original scalar at which the part of the text begins.
  var base: UInt32 = 0

  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    origins.removeAll(keepingCapacity: true)
  }

  /// Becomes a part of a text as it is. Its first scalar has index `scalarIndex`.
  /// - Returns: the index of the scalar after the part.
  /// - Precondition: `source` is well-formed, and `range` begins and ends between scalars.
  mutating func fill(_ source: [UInt8], _ range: Range<Int>, scalarIndex: UInt32) -> UInt32 {
    removeAll()
    base = scalarIndex
    bytes += source[range]
    origins.reserveCapacity(bytes.count)
    var next = scalarIndex
    for byte in bytes {
      if byte & 0xC0 != 0x80 { next &+= 1 }
      origins.append(TokenOffset(begin: next &- 1, end: next))
    }
    return next
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

  mutating func append(contentsOf bytes: some Sequence<UInt8>, _ origin: TokenOffset) {
    for byte in bytes { append(byte, origin) }
  }

  /// Appends a part of another text as it is.
  mutating func append(_ other: NormalizedText, _ range: Range<Int>) {
    bytes += other.bytes[range]
    origins += other.origins[range]
  }

  /// The original scalars that the bytes `range` came from.
  /// - Precondition: `range` is not empty.
  func origin(of range: Range<Int>) -> TokenOffset {
    TokenOffset(begin: origins[range.lowerBound].begin, end: origins[range.upperBound - 1].end)
  }
}
