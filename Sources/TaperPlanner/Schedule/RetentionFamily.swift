/// The schedules of a method that drops tokens: one number α says how many are kept, the profile k_l in which layers
/// (specs/planning.md, section 1).
///
///     T(0) = n,  T(l) = min(T(l−1), r(max(1, ⌈n·min(1, α·k_l) − 10⁻⁹⌉)))
///
/// and T(l) = T(l−1) in layers that drop none. For attention k_l is the elimination profile, the same for every length;
/// for selectors the mean share of tokens that each kept in the calibration, for texts of about that length.
///
/// r is the tile rounding, a non-decreasing function of the count alone (identity when the pass is off), so every T(l)
/// is non-decreasing in α: the largest α that meets a target always keeps at least as many tokens for a looser target.
/// The 10⁻⁹ keeps α = m/(n·k_l) at m tokens despite floating-point rounding.
///
/// Rounding must not put a target out of reach, so the exact schedules continue below the smallest rounded schedule R:
/// min(T(l), R(l)) with r the identity. Both together form one chain: in every layer, each schedule keeps at most as
/// many tokens as the one before it.
package struct RetentionFamily: Hashable, Sendable {
  /// k_1…k_L in (0, 1], non-increasing, nil for a layer that drops none: by length from 1, the last for all above.
  package var profiles: [[Double?]]
  /// r(t) at t; entry 0 unused. Counts beyond the table are left alone.
  package var rounded: [Int]
  /// Tokens that no layer goes below, of texts that have them.
  package var least: Int

  package init(profiles: [[Double?]], rounded: [Int] = [], least: Int = 1) {
    self.profiles = profiles
    self.rounded = rounded
    self.least = least
  }

  /// The same profile at every length.
  package init(profile: [Double], rounded: [Int] = []) {
    self.init(profiles: [profile], rounded: rounded)
  }

  private func profile(_ length: Int) -> [Double?] { profiles[min(length, profiles.count) - 1] }

  /// One schedule of the family.
  package struct Member: Hashable, Sendable {
    package var alpha: Double
    /// Exact counts capped by the smallest rounded ones.
    package var isCapped: Bool
  }

  /// T(0)…T(L) for an input of `length` tokens.
  package func counts(_ member: Member, length: Int) -> [Int] {
    guard member.isCapped else { return counts(member.alpha, length: length) }
    let exact = RetentionFamily(profiles: profiles, least: least).counts(member.alpha, length: length)
    return zip(exact, counts(0, length: length)).map { min($0, $1) }
  }

  /// Every schedule of the family for that length, from the one that keeps all to the one that keeps least, along the
  /// chain; some may be equal.
  package func members(length: Int) -> [Member] {
    let alphas = alphas(length: length)
    let rounded = alphas.map { Member(alpha: $0, isCapped: false) }
    return self.rounded.isEmpty ? rounded : rounded + alphas.map { Member(alpha: $0, isCapped: true) }
  }

  /// T(0)…T(L) at α, rounded, for an input of `length` tokens.
  package func counts(_ alpha: Double, length: Int) -> [Int] {
    var counts = [length]
    counts.reserveCapacity(profile(length).count + 1)
    var previous = length
    for retention in profile(length) {
      guard let retention else {
        counts.append(previous)
        continue
      }
      let exact = (Double(length) * min(1, alpha * retention) - 1e-9).rounded(.up)
      let count = max(min(least, length), Int(exact))
      previous = min(previous, count < rounded.count ? rounded[count] : count)
      counts.append(previous)
    }
    return counts
  }

  /// Every α at which some T(l) changes for that length, descending; the first keeps every token, the last the fewest.
  package func alphas(length: Int) -> [Double] {
    var alphas: Set<Double> = []
    for retention in Set(profile(length).compactMap(\.self)) {
      for kept in 1...length { alphas.insert(Double(kept) / (Double(length) * retention)) }
    }
    return alphas.sorted(by: >)
  }
}
