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

  /// Puts `count` of the elements, drawn without replacement, in front; by default all are shuffled.
  package mutating func shuffle<Element>(_ elements: inout [Element], drawing count: Int? = nil) {
    for place in 0..<(count ?? max(0, elements.count - 1)) {
      elements.swapAt(place, place + next(below: elements.count - place))
    }
  }
}
