/// A duration in nanoseconds.
public struct Nanoseconds: RawRepresentable, BitwiseCopyable, Hashable, Comparable, Sendable {
  public var rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }
  public init(_ value: UInt64) { rawValue = value }
  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  public static func + (a: Self, b: Self) -> Self { Self(a.rawValue &+ b.rawValue) }
  public static let zero = Nanoseconds(0)
  /// Milliseconds, for display.
  public var milliseconds: Double { Double(rawValue) / 1e6 }
}

/// A size or an amount of memory traffic, in bytes.
public struct Bytes: RawRepresentable, BitwiseCopyable, Hashable, Comparable, Sendable {
  public var rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }
  public init(_ value: UInt64) { rawValue = value }
  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  public static func + (a: Self, b: Self) -> Self { Self(a.rawValue &+ b.rawValue) }
  public static let zero = Bytes(0)
}

/// Work: floating-point operations (a multiply-add counts two).
public struct Flops: RawRepresentable, BitwiseCopyable, Hashable, Comparable, Sendable {
  public var rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }
  public init(_ value: UInt64) { rawValue = value }
  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  public static func + (a: Self, b: Self) -> Self { Self(a.rawValue &+ b.rawValue) }
  public static let zero = Flops(0)
}
