/// The schedules of method `acc`: one number α says how much is kept, the elimination profile k_l where (methods §1).
///
///     T(0) = n,  T(l) = min(T(l−1), r(max(1, ⌈n·min(1, α·k_l) − 10⁻⁹⌉)))
///
/// r is the tile rounding, a non-decreasing function of the count alone (identity when the pass is off), so every T(l)
/// is non-decreasing in α: searching for the largest α that meets a target gives more tokens to a looser target,
/// always. The 10⁻⁹ keeps α = m/(n·k_l) at m tokens whatever the rounding of floating-point.
package struct RetentionFamily: Hashable, Sendable {
  /// k_1…k_L in (0, 1], non-increasing.
  package var profile: [Double]
  /// r(t) at t; entry 0 unused. Counts beyond the table are left alone.
  package var rounded: [Int]

  package init(profile: [Double], rounded: [Int] = []) {
    self.profile = profile
    self.rounded = rounded
  }

  /// T(0)…T(L) for an input of `length` tokens.
  package func counts(_ alpha: Double, length: Int) -> [Int] {
    var counts = [length]
    counts.reserveCapacity(profile.count + 1)
    var previous = length
    for retention in profile {
      let exact = (Double(length) * min(1, alpha * retention) - 1e-9).rounded(.up)
      let count = max(1, Int(exact))
      previous = min(previous, count < rounded.count ? rounded[count] : count)
      counts.append(previous)
    }
    return counts
  }

  /// Every α at which some T(l) changes for that length, descending; the first keeps every token, the last the fewest.
  package func alphas(length: Int) -> [Double] {
    var alphas: Set<Double> = []
    for retention in Set(profile) {
      for kept in 1...length { alphas.insert(Double(kept) / (Double(length) * retention)) }
    }
    return alphas.sorted(by: >)
  }
}
