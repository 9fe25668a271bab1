import TaperPlanner
import TaperWorkflow
import Testing

/// The search for precisions, with damage written down as formulas.
@Suite struct PrecisionSearchTests {
  private static let names = (0..<8).map { "product.\($0)" }

  /// Product i costs i² times as much accuracy as product 1 in int8, a sixteenth of that in bf16.
  private func damage(_ assignment: PrecisionAssignment) -> PrecisionSearch.Damage {
    var error = 0.0
    for (number, name) in Self.names.enumerated() {
      let factor =
        switch assignment.precision(of: name) {
        case .f32, .f32x3: 0.0
        case .bf16: 1.0 / 16
        case .int8: 1.0
        }
      error += factor * Double(number * number)
    }
    return PrecisionSearch.Damage(lost: error / 1000, error: error)
  }

  private func run(
    allowed: Double, times: [Precision: UInt64] = [.f32: 4, .bf16: 2, .int8: 1],
    measurements: inout Int
  ) throws -> PrecisionAssignment {
    let counter = Counter()
    let search = PrecisionSearch(
      products: Self.names.map { PrecisionSearch.Product(name: $0, times: times) }, allowed: allowed
    ) {
      counter.count += 1
      return damage($0)
    }
    let found = try search.run { _, _ in }
    measurements = counter.count
    return found
  }

  private final class Counter { var count = 0 }

  @Test func theFastestIsKeptWhereItMayBe() throws {
    var measurements = 0
    #expect(try run(allowed: 1, measurements: &measurements) == PrecisionAssignment(.int8))
    #expect(measurements == 1)
  }

  @Test func theMostDamagingProductsMoveFirstAndNoMoreThanNeeded() throws {
    var measurements = 0
    // All in int8 lose 0.140; product 7 in bf16 takes 0.046 of it, product 6 another 0.034.
    let found = try run(allowed: 0.065, measurements: &measurements)
    #expect(
      found == PrecisionAssignment(.int8, exceptions: ["product.7": .bf16, "product.6": .bf16]))
    #expect(damage(found).lost <= 0.065)
    // Every product once, the start, and a bisection of sixteen steps.
    #expect(measurements <= 1 + 8 + 4)
  }

  @Test func nothingMayBeLost() throws {
    var measurements = 0
    let found = try run(allowed: 0, measurements: &measurements)
    #expect(damage(found).lost == 0)
    // Product 0 does no harm; it is the only one that may be left where it is.
    for name in Self.names.dropFirst() { #expect(found.precision(of: name) == .f32) }
  }

  /// Where f32x3 is faster than f32 it stands between f32 and bf16.
  @Test func twoPlanesStandBetweenF32AndOne() throws {
    var measurements = 0
    let times: [Precision: UInt64] = [.f32: 4, .f32x3: 3, .bf16: 2, .int8: 1]
    let found = try run(allowed: 0, times: times, measurements: &measurements)
    for name in Self.names.dropFirst() { #expect(found.precision(of: name) == .f32x3) }
  }

  @Test(arguments: 0..<20) func theGateIsAlwaysMet(step: Int) throws {
    var measurements = 0
    let allowed = Double(step) / 100
    let found = try run(allowed: allowed, measurements: &measurements)
    #expect(damage(found).lost <= allowed)
    #expect(try run(allowed: allowed, measurements: &measurements) == found)
  }

  @Test func aPrecisionThatIsNoFasterIsNotUsed() throws {
    var measurements = 0
    #expect(
      try run(allowed: 1, times: [.f32: 1, .bf16: 2, .int8: 2], measurements: &measurements)
        == PrecisionAssignment(.f32))
    #expect(
      try run(allowed: 0.01, times: [.f32: 1, .int8: 2], measurements: &measurements)
        == PrecisionAssignment(.f32))
    // Between int8 and f32 there is nothing: products move straight to f32.
    let found = try run(allowed: 0.1, times: [.f32: 2, .int8: 1], measurements: &measurements)
    #expect(found == PrecisionAssignment(.int8, exceptions: ["product.7": .f32]))
  }
}
