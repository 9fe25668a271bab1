/// BERT's normalizer in one pass: clean, put spaces around Chinese characters, decompose and drop marks, lowercase.
/// Each normalised byte has the same origin as in the reference.
///
/// The reference runs four passes over the whole text and carries alignments through each. Three of them work scalar by
/// scalar, so they compose. Canonical reordering in NFD does not: marks wait in `pending` until the next starter. After
/// reordering, the reference assigns origins again by position: the first scalar of a decomposition takes the next
/// original scalar, the others repeat the last one taken. So reordered marks exchange origins, here as well.
struct BertNormalizer {
  private let options: BertNormalizerOptions
  private let ascii: [UInt8]

  /// Scalars of a run of non-starters, in text order.
  private var pending: [(combiningClass: UInt8, scalar: UInt32, isFirst: Bool, isDropped: Bool)] = []
  /// Origins of those in `pending` that come first in a decomposition, in text order.
  private var pendingOrigins: [TokenOffset] = []
  /// Origin of the last decomposed scalar.
  private var last = TokenOffset(begin: 0, end: 0)

  init(_ template: BertNormalizerTemplate) {
    options = template.options
    ascii = template.ascii
  }

  /// Appends the normal form of a part of a text. Its first scalar has index `scalarIndex`.
  /// - Returns: the index of the scalar after the part.
  /// - Precondition: `source` is well-formed, and `range` begins and ends between scalars.
  mutating func normalize(
    _ source: [UInt8], _ range: Range<Int>, scalarIndex: UInt32, into text: inout NormalizedText
  ) -> UInt32 {
    var number = scalarIndex
    var index = range.lowerBound
    last = TokenOffset(begin: number, end: number)
    while index < range.upperBound {
      let byte = source[index]
      if byte < 0x80 {
        let mapped = ascii[Int(byte)]
        if mapped != BertNormalizerTemplate.dropped {
          let origin = TokenOffset(begin: number, end: number &+ 1)
          if !pending.isEmpty { flush(into: &text) }
          text.append(mapped, origin)
          last = origin
        }
        index += 1
      } else {
        let (scalar, length) = UTF8Bytes.scalar(in: source, at: index)
        normalize(scalar, TokenOffset(begin: number, end: number &+ 1), into: &text)
        index += length
      }
      number &+= 1
    }
    flush(into: &text)
    return number
  }

  private mutating func normalize(_ scalar: UInt32, _ origin: TokenOffset, into text: inout NormalizedText) {
    let properties = ScalarProperties(scalar)
    if options.cleansText {
      if properties.isDropped { return }
      if properties.becomesSpace { return space(origin, into: &text) }
    }
    let separate = options.spacesChinese && properties.isChinese
    if separate { space(origin, into: &text) }
    if options.stripsAccents {
      decompose(scalar, properties, origin, into: &text)
    } else {
      emit(scalar, origin, into: &text)
    }
    if separate { space(origin, into: &text) }
  }

  private mutating func space(_ origin: TokenOffset, into text: inout NormalizedText) {
    flush(into: &text)
    text.append(0x20, origin)
    last = origin
  }

  private mutating func decompose(
    _ scalar: UInt32, _ properties: ScalarProperties, _ origin: TokenOffset, into text: inout NormalizedText
  ) {
    if let range = CaseAndDecomposition.storedDecomposition(of: scalar) {
      for index in range {
        let part = UnicodeTables.decompositions[index]
        put(part, ScalarProperties(part), index == range.lowerBound ? origin : nil, into: &text)
      }
    } else if let (first, second, third) = CaseAndDecomposition.hangulDecomposition(of: scalar) {
      put(first, ScalarProperties(first), origin, into: &text)
      put(second, ScalarProperties(second), nil, into: &text)
      if let third { put(third, ScalarProperties(third), nil, into: &text) }
    } else {
      put(scalar, properties, origin, into: &text)
    }
  }

  /// Takes one decomposed scalar; `origin` is nil for all but the first of a decomposition.
  private mutating func put(
    _ scalar: UInt32, _ properties: ScalarProperties, _ origin: TokenOffset?, into text: inout NormalizedText
  ) {
    if properties.combiningClass != 0 {
      pending.append((properties.combiningClass, scalar, origin != nil, properties.isNonspacingMark))
      if let origin { pendingOrigins.append(origin) }
      return
    }
    flush(into: &text)
    if let origin { last = origin }
    if !properties.isNonspacingMark { emit(scalar, last, into: &text) }
  }

  /// Ends a run of non-starters: sorts it stably by combining class and assigns its origins.
  private mutating func flush(into text: inout NormalizedText) {
    guard !pending.isEmpty else { return }
    if pending.count > 1 {
      let order = pending.indices.sorted {
        (pending[$0].combiningClass, $0) < (pending[$1].combiningClass, $1)
      }
      pending = order.map { pending[$0] }
    }
    var taken = 0
    for mark in pending {
      if mark.isFirst {
        last = pendingOrigins[taken]
        taken += 1
      }
      if !mark.isDropped { emit(mark.scalar, last, into: &text) }
    }
    pending.removeAll(keepingCapacity: true)
    pendingOrigins.removeAll(keepingCapacity: true)
  }

  private func emit(_ scalar: UInt32, _ origin: TokenOffset, into text: inout NormalizedText) {
    guard options.lowercases else { return text.append(scalar: scalar, origin) }
    let (first, second) = CaseAndDecomposition.lowercase(of: scalar)
    text.append(scalar: first, origin)
    if let second { text.append(scalar: second, origin) }
  }
}

/// The steps of BERT's normalizer that a model uses.
public struct BertNormalizerOptions: Hashable, Sendable {
  /// Drop control characters, turn every kind of white space into a space.
  public var cleansText: Bool
  /// Put spaces around Chinese characters, so that each is a word.
  public var spacesChinese: Bool
  /// Decompose (NFD) and drop nonspacing marks.
  public var stripsAccents: Bool
  public var lowercases: Bool

  /// `stripsAccents` follows `lowercases` when it is nil, as in the reference.
  public init(
    lowercases: Bool, stripsAccents: Bool? = nil, cleansText: Bool = true, spacesChinese: Bool = true
  ) {
    self.cleansText = cleansText
    self.spacesChinese = spacesChinese
    self.stripsAccents = stripsAccents ?? lowercases
    self.lowercases = lowercases
  }
}

/// What all runs of a `BertNormalizer` share.
struct BertNormalizerTemplate: Hashable, Sendable {
  let options: BertNormalizerOptions
  /// For each ASCII byte its normal form, or `Self.dropped`.
  let ascii: [UInt8]
  static let dropped: UInt8 = 0x80

  init(options: BertNormalizerOptions) {
    self.options = options
    ascii = (0..<128).map { (code: UInt32) in
      let properties = ScalarProperties(code)
      if options.cleansText {
        if properties.isDropped { return Self.dropped }
        if properties.becomesSpace { return 0x20 }
      }
      let lower = options.lowercases ? CaseAndDecomposition.lowercase(of: code).first : code
      return UInt8(truncatingIfNeeded: lower)
    }
  }

  /// The normal form of well-formed UTF-8.
  func normalForm(_ bytes: [UInt8]) -> [UInt8] {
    var normalizer = BertNormalizer(self)
    var text = NormalizedText()
    _ = normalizer.normalize(bytes, 0..<bytes.count, scalarIndex: 0, into: &text)
    return text.bytes
  }
}
