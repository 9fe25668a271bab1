/// What loading does with the weights' pages in addition to starting read-ahead.
public struct WeightResidency: OptionSet, Hashable, Sendable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Every page is read before loading returns, so that no page fault of the first run waits for the disk.
  public static let prefault = WeightResidency(rawValue: 1)
  /// The pages stay in memory (mlock) even when memory is short. Includes `prefault`.
  public static let lock = WeightResidency(rawValue: 3)
}
