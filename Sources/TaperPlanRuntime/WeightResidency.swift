/// What loading does about the weights' pages, beyond asking for them to be read ahead.
public struct WeightResidency: OptionSet, Hashable, Sendable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Every page is read before loading returns, so that the first run meets no page fault that waits for the disk.
  public static let prefault = WeightResidency(rawValue: 1)
  /// The pages stay in memory (mlock), whatever else the machine needs it for. Includes `prefault`.
  public static let lock = WeightResidency(rawValue: 3)
}
