public import TaperPlanFormat

/// What was measured on a machine: times of kernels on shapes, and figures from which other times are predicted.
///
/// It separates measuring from planning. The planner sees kernel ids and this table, never a kernel, so a new
/// instruction set changes no planner code. specs/device-profile.md is normative for the file.
public struct DeviceProfile: Hashable, Sendable {
  /// The file's version; others are refused.
  public static let schemaVersion = 1

  public var name: String
  /// As the caller gives it ("2026-11-21"), because the library has no clock. May be empty.
  public var created: String
  public var fingerprint: Fingerprint
  /// One for each thread count measured, ascending by `threads`.
  public var threadFigures: [ThreadFigures]
  public var noise: ProfileNoise
  /// Ascending by (threads, kernel id, shape as written).
  public var entries: [ProfileEntry]

  public init(
    name: String, created: String, fingerprint: Fingerprint, threadFigures: [ThreadFigures],
    noise: ProfileNoise,
    entries: [ProfileEntry]
  ) {
    self.name = name
    self.created = created
    self.fingerprint = fingerprint
    self.threadFigures = threadFigures
    self.noise = noise
    self.entries = entries
  }

  /// The thread counts measured, ascending.
  public var threadCounts: [Int] { threadFigures.map(\.threads) }

  public func figures(threads: Int) -> ThreadFigures? { threadFigures.first { $0.threads == threads } }

  /// The entry under exactly this key.
  public func entry(kernel: KernelID, shape: OpShape, threads: Int, isNear: Bool = false) -> ProfileEntry? {
    entries.first {
      $0.threads == threads && $0.kernel == kernel && $0.shape == shape && $0.isNear == isNear
    }
  }
}
