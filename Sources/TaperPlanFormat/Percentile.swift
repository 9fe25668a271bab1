/// The percentiles of latency in use: the share of runs that take no longer.
public enum Percentile: UInt8, CaseIterable, BitwiseCopyable, Hashable, Sendable {
  case p50, p90, p99, p999

  public var share: Double {
    switch self {
    case .p50: 0.5
    case .p90: 0.9
    case .p99: 0.99
    case .p999: 0.999
    }
  }

  /// "p50", …, "p99.9".
  public var name: String { self == .p999 ? "p99.9" : "\(self)" }

  public init?(name: String) {
    guard let match = Percentile.allCases.first(where: { $0.name == name }) else { return nil }
    self = match
  }
}
