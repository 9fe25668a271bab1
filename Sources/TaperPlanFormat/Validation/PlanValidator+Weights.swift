extension PlanValidator {
  /// Rules `weightShape` and `weightSize`.
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
      var size = UInt64(entry.element.byteCount)
      for extent in entry.shape {
        let (product, overflow) = size.multipliedReportingOverflow(by: UInt64(extent))
        size = overflow ? .max : product
      }
      guard size == entry.byteCount.rawValue, size != .max else {
        throw .violated(
          PlanViolation(.weightSize, .weight(number), expected: size, found: entry.byteCount.rawValue))
      }
    }
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
