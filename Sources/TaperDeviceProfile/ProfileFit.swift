/// Whether a profile still describes its machine, from timing a few of its points again. Shown by `taper doctor`.
public struct ProfileFit: Hashable, Sendable {
  /// Points of one thread count, now against then.
  public struct Drift: Hashable, Sendable {
    public var threads: Int
    /// Median of now / then − 1 over the points.
    public var median: Double
    /// Share of points that differ by more than twice the tolerance.
    public var strayShare: Double
    /// The reference kernels, now / then − 1; nil when the profile does not have them.
    public var compute: Double?
    public var bandwidth: Double?

    /// - Precondition: as many times now as then, at least one.
    public init(
      threads: Int, then: [UInt64], now: [UInt64], tolerance: Double, compute: Double? = nil,
      bandwidth: Double? = nil
    ) {
      let changes = zip(now, then).map { Double($0) / Double(max(1, $1)) - 1 }.sorted()
      self.threads = threads
      median = changes[(changes.count - 1) / 2]
      strayShare = Double(changes.count { abs($0) > 2 * tolerance }) / Double(changes.count)
      self.compute = compute
      self.bandwidth = bandwidth
    }
  }

  public enum Verdict: String, CaseIterable, Hashable, Sendable {
    /// Times agree with the profile.
    case fits
    /// Times differ: profile again.
    case drifted
    /// CPU, tier, cache or BLAS differ: the profile is of another machine.
    case otherMachine = "other machine"
    /// The machine is too unsteady to tell.
    case noisy
  }

  public var verdict: Verdict
  public var tolerance: Double
  /// Names of what differs (`Fingerprint.differences`).
  public var differences: [String]
  public var drifts: [Drift]

  public init(tolerance: Double, differences: [String], drifts: [Drift], isNoisy: Bool) {
    self.tolerance = tolerance
    self.differences = differences
    self.drifts = drifts
    let hasDrifted = drifts.contains { abs($0.median) > tolerance || $0.strayShare > 0.25 }
    verdict = !differences.isEmpty ? .otherMachine : isNoisy ? .noisy : hasDrifted ? .drifted : .fits
  }
}
