internal import TaperBase

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
      generator.shuffle(&members, drawing: max(0, count))
      for index in members.prefix(max(0, count)) { isHeldOut[index] = true }
    }
    fitted = labels.indices.filter { !isHeldOut[$0] }
    heldOut = labels.indices.filter { isHeldOut[$0] }
  }
}
