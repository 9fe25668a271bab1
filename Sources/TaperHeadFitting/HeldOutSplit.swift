/// A stratified split of the examples: those to fit on and those to validate on.
///
/// At least one example of each class is fitted on, so the only example of a class is never held out. The same seed and
/// labels give the same split. Both parts are in ascending order.
public struct HeldOutSplit: Hashable, Sendable {
  public let fitted: [Int]
  public let heldOut: [Int]

  /// - Parameters:
  ///   - labels: class index of each example; all equal for regression.
  ///   - fraction: the share of examples to hold out, 0 ≤ fraction < 1.
  public init(labels: [Int], fraction: Double, seed: UInt64) {
    precondition(fraction >= 0 && fraction < 1)
    var generator = SplitMix64(seed: seed)
    var byClass: [Int: [Int]] = [:]
    for (index, label) in labels.enumerated() { byClass[label, default: []].append(index) }
    var isHeldOut = [Bool](repeating: false, count: labels.count)
    for (_, members) in byClass.sorted(by: { $0.key < $1.key }) {
      var members = members
      let count = min(Int((Double(members.count) * fraction).rounded()), members.count - 1)
      for index in 0..<max(0, count) {
        members.swapAt(index, index + generator.next(below: members.count - index))
        isHeldOut[members[index]] = true
      }
    }
    fitted = labels.indices.filter { !isHeldOut[$0] }
    heldOut = labels.indices.filter { isHeldOut[$0] }
  }
}

/// Steele, Lea and Flood's SplitMix64: a small seeded generator whose sequence never changes.
package struct SplitMix64 {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number in 0..<bound; the bias of a 64-bit product is below 2⁻³² for any count of examples.
  package mutating func next(below bound: Int) -> Int {
    Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(bound)).high)
  }
}
