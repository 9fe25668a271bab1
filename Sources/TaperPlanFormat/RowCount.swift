/// How many rows an operand has, as a symbol. Its value depends on the input length and the schedule.
///
/// `tokens(after: 0)` is the input length n; `tokens(after: l)` is the keep count T(l) leaving layer l (1-based);
/// `one` is a single row (pooled vectors, [CLS] alone).
public struct RowCount: RawRepresentable, BitwiseCopyable, Hashable, Sendable {
  public var rawValue: UInt16
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  public static let one = RowCount(rawValue: 0xFFFF)
  public static let input = RowCount(rawValue: 0)
  public static func tokens(after layer: Int) -> RowCount { RowCount(rawValue: UInt16(layer)) }

  /// The layer whose keep count this is; 0 for the input length, nil for `one`.
  public var layer: Int? { self == .one ? nil : Int(rawValue) }
}
