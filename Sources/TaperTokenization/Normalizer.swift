/// BERT's normaliser: clean the text, space out Chinese characters, strip accents, lowercase, in this order.
struct Normalizer: Hashable, Sendable {
  var cleansText = true
  var spacesChinese = true
  var stripsAccents = true
  var lowercases = true

  /// The normalised form of scalars whose first stands at `offset` of the whole text.
  func normalize(_ input: some Collection<UInt32>, offset: UInt32) -> NormalizedText {
    var text = NormalizedText()
    text.reserve(input.count + 16)
    var origin = offset
    for scalar in input {
      let properties = ScalarProperties(scalar)
      if !(cleansText && properties.isDropped) {
        let cleaned = cleansText && properties.becomesSpace ? 0x20 : scalar
        if spacesChinese && properties.isChinese {
          text.append(0x20, origin)
          text.append(cleaned, origin)
          text.append(0x20, origin)
        } else {
          text.append(cleaned, origin)
        }
      }
      origin += 1
    }
    if stripsAccents { text = stripAccents(text) }
    if lowercases { text = lowercase(text) }
    return text
  }

  /// Canonical decomposition, canonical ordering, nonspacing marks removed.
  private func stripAccents(_ text: NormalizedText) -> NormalizedText {
    if text.scalars.allSatisfy({ $0 < 0xC0 }) { return text }
    var result = NormalizedText()
    result.reserve(text.scalars.count)
    for (scalar, origin) in zip(text.scalars, text.origins) {
      ScalarProperties.decompose(scalar) { result.append($0, origin) }
    }
    Self.reorder(&result)
    var kept = NormalizedText()
    kept.reserve(result.scalars.count)
    for (scalar, origin) in zip(result.scalars, result.origins) where !ScalarProperties(scalar).isNonspacing {
      kept.append(scalar, origin)
    }
    return kept
  }

  /// Sorts each run of combining scalars by class, stably. Where the text moves, places keep their origins, as the
  /// reference's do.
  private static func reorder(_ text: inout NormalizedText) {
    var start = 0
    while start < text.scalars.count {
      guard ScalarProperties(text.scalars[start]).combiningClass != 0 else {
        start += 1
        continue
      }
      var end = start + 1
      while end < text.scalars.count, ScalarProperties(text.scalars[end]).combiningClass != 0 { end += 1 }
      let sorted = text.scalars[start..<end].enumerated().sorted { a, b in
        let classes = (ScalarProperties(a.element).combiningClass, ScalarProperties(b.element).combiningClass)
        return classes.0 != classes.1 ? classes.0 < classes.1 : a.offset < b.offset
      }
      text.scalars.replaceSubrange(start..<end, with: sorted.map(\.element))
      start = end
    }
  }

  private func lowercase(_ text: NormalizedText) -> NormalizedText {
    var result = NormalizedText()
    result.reserve(text.scalars.count)
    for (scalar, origin) in zip(text.scalars, text.origins) {
      ScalarProperties.lowercase(scalar) { result.append($0, origin) }
    }
    return result
  }
}
