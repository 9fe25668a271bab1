import TaperCalibration
import TaperPlanFormat
import TaperPlanner
import TestSupport
import Testing

/// The schedule search against brute force.
///
/// Every schedule of the retention family is planned as a fixed schedule and so has a predicted latency. The brute
/// force takes, of those that meet the target, the one that keeps most tokens. It shares no code with the search: the
/// family and the work speedup are written anew from specs/planning.md, section 1.
@Suite struct ScheduleSearchTests {
  static let seeds = 0..<12

  @Test(arguments: seeds) func aLatencyKeepsMostTokensAtEveryLength(seed: Int) throws {
    let force = try BruteForce(seed: seed)
    for share in force.shares {
      let limit = force.limit(share)
      var best = force.candidates.map { rows in
        rows.filter { $0.time <= limit }.max { $0.keptTokens < $1.keptTokens }?.counts
      }
      if force.denseTimes.allSatisfy({ $0 <= limit }) { best = force.everyToken }
      let expected = best.contains(nil) ? nil : best.compactMap(\.self)
      let error = try force.expect(expected, for: .latency(Nanoseconds(limit)))
      guard case .infeasible(let diagnostic)? = error else { continue }
      #expect(diagnostic.best.rawValue == force.leastTime(diagnostic.length))
      #expect(diagnostic.best.rawValue > limit)
    }
  }

  @Test(arguments: seeds) func aSpeedupKeepsMostTokensAtTheLongestLength(seed: Int) throws {
    let force = try BruteForce(seed: seed)
    let dense = Double(force.denseTimes.last!)
    for share in force.shares {
      let factor = max(1, 1 / share)
      let met = force.longest.filter { Double($0.time) * factor <= dense }
      let expected = factor == 1 ? force.everyToken : force.rows(of: met)
      let error = try force.expect(expected, for: .speedup(factor))
      guard case .infeasible(let diagnostic)? = error else { continue }
      let greatest = dense / Double(force.leastTime(force.maximumLength))
      #expect(abs(diagnostic.bestSpeedup - greatest) < 1e-9 && greatest < factor)
    }
  }

  @Test(arguments: seeds) func aWorkSpeedupKeepsMostTokensAtTheLongestLength(seed: Int) throws {
    let force = try BruteForce(seed: seed)
    for share in force.shares {
      let factor = max(1, 1 / (share * share))
      let met = force.longest.filter { force.workSpeedup($0.counts) >= factor }
      let error = try force.expect(force.rows(of: met), for: .workSpeedup(factor))
      guard case .infeasible(let diagnostic)? = error else { continue }
      let greatest = try #require(force.longest.map { force.workSpeedup($0.counts) }.max())
      #expect(abs(diagnostic.bestSpeedup - greatest) < 1e-9 && greatest < factor)
    }
  }

  @Test(arguments: seeds) func anAverageKeepsMostTokensForOneScale(seed: Int) throws {
    let force = try BruteForce(seed: seed)
    let dense = force.average { force.denseTimes[$0 - 1] }
    let averages = force.longest.map { scale in force.average { force.time(alpha: scale.alpha, length: $0) } }
    for share in force.shares {
      let limit = Nanoseconds(UInt64(dense * share))
      let met = zip(force.longest, averages).filter { $0.1 <= Double(limit.rawValue) }.map(\.0)
      let expected = share >= 1 ? force.everyToken : force.rows(of: met)
      let error = try force.expect(expected, for: .times(TimeLimits(average: .time(limit))))
      guard case .infeasible(let diagnostic)? = error else { continue }
      #expect(diagnostic.bestAverage == averages.min().map { Nanoseconds(UInt64($0)) })
    }
  }

  /// The α's at which a count changes give every schedule that any α gives.
  @Test(arguments: seeds) func theBreakpointsCoverTheFamily(seed: Int) throws {
    let force = try BruteForce(seed: seed)
    for length in 1...force.maximumLength {
      let sweep = Set((1...20_000).map { force.counts(alpha: Double($0) * 0.0005, length: length) })
      #expect(sweep == Set(force.candidates[length - 1].map(\.counts)), "\(length) tokens")
    }
  }
}

/// A small encoder on a synthetic device, and every schedule of its retention family with its predicted latency.
private struct BruteForce {
  struct Candidate: Equatable {
    var alpha: Double
    /// T(0)…T(L)
    var counts: [Int]
    /// Predicted, in nanoseconds.
    var time: UInt64 = 0
    var keptTokens: Int { counts.reduce(0, +) }
  }

  let maximumLength: Int
  /// Targets to try, as shares of the dense plan's latency: one out of reach, one that dense meets, others between.
  let shares: [Double]
  /// By length from 1: the schedules from the one that keeps all to the one that keeps least.
  private(set) var candidates: [[Candidate]] = []
  /// The dense plan's latencies by length from 1. A plan that drops tokens of longer inputs may take longer for one it
  /// leaves whole: it has ops that put dropped tokens back.
  private(set) var denseTimes: [UInt64] = []
  private let profile: [Double]
  private let inputs: PlanningInputs
  private let restores: Bool

  init(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    let layers = Int.random(in: 2...4, using: &random)
    maximumLength = Int.random(in: 6...13, using: &random)
    profile = (0..<layers).map { _ in Double(Int.random(in: 4...20, using: &random)) / 20 }.sorted(by: >)
    shares = [0.02, 1.01] + (0..<5).map { _ in Double.random(in: 0.3...1, using: &random) }
    restores = Bool.random(using: &random)
    let hidden = 16 * Int.random(in: 1...4, using: &random)
    let facts = SyntheticModels.facts(
      hidden: hidden, layers: layers, heads: 2, feedForward: 4 * hidden,
      head: Bool.random(using: &random) ? nil : SyntheticModels.head(.cls, hidden: hidden))
    let lengths = (1...maximumLength + 2).map {
      LengthCount(tokens: $0, count: Int.random(in: 1...9, using: &random))
    }
    let costs = SyntheticCosts.make(
      tile: [1, 4, 8].randomElement(using: &random)!,
      overhead: [50, 500, 2000].randomElement(using: &random)!)
    inputs = PlanningInputs(facts: facts, profile: profile, lengths: lengths, costs: costs)
    candidates = (1...maximumLength).map { length in
      let scales = profile.flatMap { k in (1...length).map { Double($0) / (Double(length) * k) } }
      var rows: [Candidate] = []
      for alpha in scales.sorted(by: >) {
        let counts = counts(alpha: alpha, length: length)
        if rows.last?.counts != counts { rows.append(Candidate(alpha: alpha, counts: counts)) }
      }
      return rows
    }
    denseTimes = try plan(.dense).predictions.lengths.map(\.planned.time.rawValue)
    // One plan times the number-th schedules of every other length, next to lengths that drop the most tokens.
    for number in 0..<candidates.map(\.count).max()! {
      for parity in 0...1 {
        let rows = candidates.enumerated().map { index, rows in
          (index % 2 == parity ? rows[min(number, rows.count - 1)] : rows.last!).counts
        }
        let schedule = Schedule(
          maximumLength: maximumLength, layerCount: layers,
          keepCounts: rows.flatMap { $0.map(UInt16.init) }, restoresDroppedTokens: restores)
        let times = try plan(.fixed(schedule)).predictions.lengths.map(\.planned.time.rawValue)
        for index in candidates.indices where index % 2 == parity && number < candidates[index].count {
          candidates[index][number].time = times[index]
        }
      }
    }
  }

  /// A share of the dense plan's latency at the longest length, in nanoseconds.
  func limit(_ share: Double) -> UInt64 { UInt64(Double(denseTimes.last!) * share) }

  var everyToken: [[Int]] { candidates.map(\.[0].counts) }

  /// The least latency at a length, in a plan that drops tokens or the dense one.
  func leastTime(_ length: Int) -> UInt64 {
    min(denseTimes[length - 1], candidates[length - 1].map(\.time).min()!)
  }

  var longest: [Candidate] { candidates[maximumLength - 1] }

  /// T(l) = min(T(l−1), max(1, ⌈n·min(1, α·k_l) − 10⁻⁹⌉))
  func counts(alpha: Double, length: Int) -> [Int] {
    var counts = [length]
    for k in profile {
      let kept = Int((Double(length) * min(1, alpha * k) - 1e-9).rounded(.up))
      counts.append(min(counts.last!, max(1, kept)))
    }
    return counts
  }

  /// The schedules at all lengths for the scale that keeps most tokens of the longest input; nil without candidates.
  func rows(of candidates: [Candidate]) -> [[Int]]? {
    guard let best = candidates.max(by: { $0.keptTokens < $1.keptTokens }) else { return nil }
    return (1...maximumLength).map { counts(alpha: best.alpha, length: $0) }
  }

  /// The latency at a length of the schedule that a scale gives it.
  func time(alpha: Double, length: Int) -> UInt64 {
    let counts = counts(alpha: alpha, length: length)
    return candidates[length - 1].first { $0.counts == counts }!.time
  }

  /// The mean latency over the calibration's lengths, longer texts cut to the longest input.
  func average(_ time: (Int) -> UInt64) -> Double {
    let sum = inputs.lengths.reduce(0) {
      $0 + Double($1.count) * Double(time(min($1.tokens, maximumLength)))
    }
    return sum / Double(inputs.lengths.reduce(0) { $0 + $1.count })
  }

  /// Dense over reduced multiply-adds, Σ 4d²T(l−1) + 2dT(l−1)² + 2dfT(l).
  func workSpeedup(_ counts: [Int]) -> Double {
    let (d, f) = (inputs.facts.hidden, inputs.facts.feedForward)
    func work(_ counts: [Int]) -> Int {
      zip(counts, counts.dropFirst()).reduce(0) {
        $0 + 4 * d * d * $1.0 + 2 * d * $1.0 * $1.0 + 2 * d * f * $1.1
      }
    }
    return Double(work([Int](repeating: counts[0], count: counts.count))) / Double(work(counts))
  }

  /// Two passes are off: tile rounding adds schedules to the family, and a target out of reach with fused attention
  /// scores is searched for a second time without them.
  private func plan(_ method: PlanningMethod) throws(PlanningError) -> Plan {
    let request = PlanningRequest(
      method, maximumLength: maximumLength, restoresDroppedTokens: restores,
      passes: PassSet(disabling: [.tileRounding, .fuseAttentionScores]))
    return try PlanAssembler(request, inputs).assemble().plan
  }

  /// Plans by the method and expects those counts by length, or none when no schedule meets its target.
  /// - Returns: Why no plan came out.
  func expect(_ counts: [[Int]]?, for method: PlanningMethod) throws -> PlanningError? {
    do throws(PlanningError) {
      let schedule = try plan(method).schedule
      let found = (1...maximumLength).map { schedule.retentionConfiguration(length: $0).map(Int.init) }
      #expect(found == counts, "\(method)")
      return nil
    } catch {
      #expect(counts == nil, "\(method): \(error)")
      guard case .infeasible = error else { throw error }
      return error
    }
  }
}
