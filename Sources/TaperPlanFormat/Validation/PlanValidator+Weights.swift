extension PlanValidator {
  /// Rules `weightShape`, `weightLayout` and `weightSize`.
  static func checkWeightShapes(_ index: WeightsIndex) throws(PlanFormatError) {
    guard index.entries.count < 0xFFFF else {
      throw .violated(
        PlanViolation(.weightExists, .plan, expected: 0xFFFE, found: UInt64(index.entries.count)))
    }
    for (number, entry) in index.entries.enumerated() {
      guard !entry.shape.isEmpty, entry.shape.count <= 4, !entry.shape.contains(0) else {
        throw .violated(
          PlanViolation(.weightShape, .weight(number), expected: 4, found: UInt64(entry.shape.count)))
      }
      if let element = entry.layout.packedElement {
        let isMatrix =
          entry.element == element && entry.shape.count == 2
          && entry.shape.allSatisfy { $0 < 1 << 31 }
        guard isMatrix else {
          throw .violated(
            PlanViolation(
              .weightLayout, .weight(number), expected: UInt64(element.rawValue),
              found: UInt64(entry.element.rawValue)))
        }
      }
      let size = size(of: entry)
      guard size == entry.byteCount.rawValue, size != .max else {
        throw .violated(
          PlanViolation(.weightSize, .weight(number), expected: size, found: entry.byteCount.rawValue))
      }
    }
  }

  /// The size of a tensor in bytes; UInt64.max when it overflows.
  private static func size(of entry: WeightEntry) -> UInt64 {
    guard entry.layout == .rowMajor else {
      return entry.layout.byteCount(columns: Int(entry.shape[0]), depth: Int(entry.shape[1]))
    }
    var size = UInt64(entry.element.byteCount)
    for extent in entry.shape {
      let (product, overflow) = size.multipliedReportingOverflow(by: UInt64(extent))
      size = overflow ? .max : product
    }
    return size
  }

  /// Rules `weightAlignment`, `weightOrder` and `weightInside`.
  static func checkWeightPlaces(_ index: WeightsIndex) throws(PlanFormatError) {
    let total = index.byteCount.rawValue
    guard total <= UInt64(Int64.max) else {
      throw .violated(PlanViolation(.weightInside, .plan, expected: UInt64(Int64.max), found: total))
    }
    var end: UInt64 = 0
    for (number, entry) in index.entries.enumerated() {
      let offset = entry.offset.rawValue
      guard offset % 64 == 0 else {
        throw .violated(
          PlanViolation(.weightAlignment, .weight(number), expected: offset / 64 * 64, found: offset))
      }
      guard offset >= end else {
        throw .violated(PlanViolation(.weightOrder, .weight(number), expected: end, found: offset))
      }
      guard offset <= total, entry.byteCount.rawValue <= total - offset else {
        throw .violated(
          PlanViolation(
            .weightInside, .weight(number), expected: total,
            found: offset.addingReportingOverflow(entry.byteCount.rawValue).partialValue))
      }
      end = offset + entry.byteCount.rawValue
    }
  }
}
