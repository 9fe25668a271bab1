/// NFD, NFKD, NFC and NFKC (Unicode Standard Annex 15), with the origins that the reference assigns.
///
/// Decomposition goes scalar by scalar; marks wait in `pending` until the next starter and are then sorted by combining
/// class. Composition takes the decomposed scalars one by one and holds back the last starter and what it cannot take
/// up. `change` counts as in `TextRewriter.write`; a composed scalar's is the sum over its parts.
struct NormalizationForm {
  struct Kind: Hashable, Sendable {
    var isCompatible: Bool
    var composes: Bool
  }

  private struct Part {
    var scalar: UInt32
    var change: Int
    var combiningClass: UInt8
  }

  private let kind: Kind
  private var rewriter: TextRewriter
  private var pending: [Part] = []
  private var starter: Part?
  private var blocked: [Part] = []
  private var lastClass: UInt8?

  static func apply(_ kind: Kind, _ source: NormalizedText, into result: inout NormalizedText) {
    var form = NormalizationForm(kind: kind, rewriter: TextRewriter(source))
    var index = 0
    while index < source.bytes.count {
      let (scalar, length) = UTF8Bytes.scalar(in: source.bytes, at: index)
      form.decompose(scalar, into: &result)
      index += length
    }
    form.finish(into: &result)
  }

  private init(kind: Kind, rewriter: TextRewriter) {
    self.kind = kind
    self.rewriter = rewriter
  }

  private mutating func decompose(_ scalar: UInt32, into result: inout NormalizedText) {
    if scalar < 0x80 {
      put(scalar, isFirst: true, combiningClass: 0, into: &result)
    } else if let (first, second, third) = CaseAndDecomposition.hangulDecomposition(of: scalar) {
      put(first, isFirst: true, combiningClass: 0, into: &result)
      put(second, isFirst: false, combiningClass: 0, into: &result)
      if let third { put(third, isFirst: false, combiningClass: 0, into: &result) }
    } else if kind.isCompatible, let range = CompatibilityAndComposition.storedDecomposition(of: scalar) {
      for index in range {
        put(UnicodeTables.compatibleParts[index], isFirst: index == range.lowerBound, into: &result)
      }
    } else if let range = CaseAndDecomposition.storedDecomposition(of: scalar) {
      for index in range {
        put(UnicodeTables.decompositions[index], isFirst: index == range.lowerBound, into: &result)
      }
    } else {
      put(scalar, isFirst: true, into: &result)
    }
  }

  private mutating func put(_ scalar: UInt32, isFirst: Bool, into result: inout NormalizedText) {
    put(
      scalar, isFirst: isFirst, combiningClass: ScalarProperties(scalar).combiningClass, into: &result)
  }

  private mutating func put(
    _ scalar: UInt32, isFirst: Bool, combiningClass: UInt8, into result: inout NormalizedText
  ) {
    let part = Part(scalar: scalar, change: isFirst ? 0 : 1, combiningClass: combiningClass)
    if combiningClass != 0 { return pending.append(part) }
    sortPending(into: &result)
    take(part, into: &result)
  }

  private mutating func sortPending(into result: inout NormalizedText) {
    guard !pending.isEmpty else { return }
    let marks =
      pending.count == 1
      ? pending
      : pending.indices.sorted {
        (pending[$0].combiningClass, $0) < (pending[$1].combiningClass, $1)
      }.map { pending[$0] }
    pending.removeAll(keepingCapacity: true)
    for mark in marks { take(mark, into: &result) }
  }

  /// Takes the next scalar of the decomposed and sorted text.
  private mutating func take(_ part: Part, into result: inout NormalizedText) {
    guard kind.composes else { return write(part, into: &result) }
    guard let base = starter else {
      if part.combiningClass == 0 { starter = part } else { write(part, into: &result) }
      return
    }
    let isBlocked = lastClass.map { $0 >= part.combiningClass } ?? false
    if !isBlocked, let composed = CompatibilityAndComposition.composition(base.scalar, part.scalar) {
      starter?.scalar = composed
      starter?.change = base.change + part.change - 1
    } else if part.combiningClass == 0 {
      writeStarter(into: &result)
      starter = part
    } else {
      blocked.append(part)
      lastClass = part.combiningClass
    }
  }

  private mutating func writeStarter(into result: inout NormalizedText) {
    if let starter { write(starter, into: &result) }
    starter = nil
    for part in blocked { write(part, into: &result) }
    blocked.removeAll(keepingCapacity: true)
    lastClass = nil
  }

  private mutating func finish(into result: inout NormalizedText) {
    sortPending(into: &result)
    writeStarter(into: &result)
  }

  private mutating func write(_ part: Part, into result: inout NormalizedText) {
    rewriter.write(part.scalar, change: part.change, into: &result)
  }
}
