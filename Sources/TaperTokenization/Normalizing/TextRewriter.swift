/// Rewrites a text scalar by scalar and gives each new scalar the origin that the reference gives it.
///
/// The reference describes a change of a text as new scalars that each replace one old scalar or are inserted. A scalar
/// that replaces takes the next old one's origin; an inserted one repeats the origin before it. Where the reference
/// miscounts (what Precompiled removes from the very beginning of a text), origins of what follows shift; here as well.
struct TextRewriter {
  private let source: NormalizedText
  /// Where the next old scalar begins.
  private(set) var position = 0

  init(_ source: NormalizedText) { self.source = source }

  mutating func replace(with scalar: UInt32, into result: inout NormalizedText) {
    guard position < source.bytes.count else { return insert(scalar, into: &result) }
    result.append(scalar: scalar, source.origins[position])
    skip()
  }

  func insert(_ scalar: UInt32, into result: inout NormalizedText) {
    let origin =
      position > 0 ? source.origins[position - 1] : TokenOffset(begin: source.base, end: source.base)
    result.append(scalar: scalar, origin)
  }

  /// Drops the next old scalar, if there is one.
  mutating func skip() {
    guard position < source.bytes.count else { return }
    position += UTF8Bytes.length(ofLead: source.bytes[position])
  }

  /// - Parameter change: as the reference counts: above zero a scalar is inserted; else it replaces one, and `-change`
  ///   more are dropped.
  mutating func write(_ scalar: UInt32, change: Int, into result: inout NormalizedText) {
    guard change <= 0 else { return insert(scalar, into: &result) }
    replace(with: scalar, into: &result)
    for _ in 0..<(-change) { skip() }
  }
}
