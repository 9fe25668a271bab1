internal import TaperPlanFormat

/// How unsteady the machine was while a device profile was measured (our definition).
///
/// `drift` comes from a probe, fixed work (`ReferenceKernels`) that is timed between all chunks of the measurement:
/// |median of the last quarter / median of the first quarter − 1|. `spread` is the larger of the probe's p90/p50 − 1
/// and, for each thread count, Σ p90 / Σ p50 − 1 over the measured points. The second is needed because a probe of 100
/// µs fits between two time slices of a scheduler and misses other work that doubles the time of ops of milliseconds (at
/// a load of 5 on 2 CPUs: probe 2%, ops beyond a millisecond 150% to 240%). The sums weigh an op by its time, as a run
/// does. All are 0 on a perfect machine. (`ReferenceNoise` of an audit is another figure: two reference kernels alone.)
public struct ProfileNoise: Hashable, Sendable {
  public var spread: Double
  public var drift: Double
  public var probes: Int
  public init(spread: Double, drift: Double, probes: Int) {
    self.spread = spread
    self.drift = drift
    self.probes = probes
  }

  /// From the probe's times in the order of measurement, and the points measured between them.
  /// - Precondition: at least one probe time.
  public init(probeTimes: [UInt64], entries: [ProfileEntry] = []) {
    func median(_ part: ArraySlice<UInt64>) -> Double { Double(part.sorted()[(part.count - 1) / 2]) }
    let distribution = TimeDistribution(probeTimes)
    let quarter = max(1, probeTimes.count / 4)
    let first = max(1, median(probeTimes.prefix(quarter)))
    let last = median(probeTimes.suffix(quarter))
    var spread = Self.excess(Double(distribution.p90.rawValue), over: Double(distribution.p50.rawValue))
    for (_, entries) in Dictionary(grouping: entries, by: \.threads) {
      let times = entries.flatMap(\.points).map(\.time)
      let slow = times.reduce(0) { $0 + Double($1.p90.rawValue) }
      spread = max(spread, Self.excess(slow, over: times.reduce(0) { $0 + Double($1.p50.rawValue) }))
    }
    self.init(spread: spread, drift: abs(last / first - 1), probes: probeTimes.count)
  }

  private static func excess(_ slow: Double, over middle: Double) -> Double {
    max(0, slow / max(1, middle) - 1)
  }

  /// The figure that thresholds apply to: the larger of the two.
  public var figure: Double { max(spread, drift) }
}
