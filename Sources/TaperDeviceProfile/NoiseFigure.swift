internal import TaperPlanFormat

/// How unsteady the machine was while it was measured (our definition).
///
/// A probe, one fixed product in cache, is timed between all chunks of the measurement. `spread` is p90/p50 −
/// 1 of its times; `drift` is |median of the last quarter / median of the first quarter − 1|. Both 0 on a
/// perfect machine.
public struct NoiseFigure: Hashable, Sendable {
  public var spread: Double
  public var drift: Double
  public var probes: Int
  public init(spread: Double, drift: Double, probes: Int) {
    self.spread = spread
    self.drift = drift
    self.probes = probes
  }

  /// From the probe's times in the order measured.
  /// - Precondition: at least one.
  public init(probeTimes: [UInt64]) {
    func median(_ part: ArraySlice<UInt64>) -> Double { Double(part.sorted()[(part.count - 1) / 2]) }
    let distribution = TimeDistribution(probeTimes)
    let quarter = max(1, probeTimes.count / 4)
    let p50 = max(1, Double(distribution.p50.rawValue))
    let first = max(1, median(probeTimes.prefix(quarter)))
    let last = median(probeTimes.suffix(quarter))
    self.init(
      spread: max(0, Double(distribution.p90.rawValue) / p50 - 1), drift: abs(last / first - 1),
      probes: probeTimes.count)
  }

  /// The one number a threshold is set on: the larger of the two.
  public var figure: Double { max(spread, drift) }
}
