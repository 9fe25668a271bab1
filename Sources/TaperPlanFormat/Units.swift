package import TaperBase

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

extension NumberText {
  /// With the unit that fits: "840 ns", "41.2 µs", "3.10 ms", "120 ms".
  package static func time(_ time: Nanoseconds) -> String {
    let ns = Double(time.rawValue)
    if ns < 999.5 { return "\(time.rawValue) ns" }
    if ns < 999_950 { return fixed(ns / 1e3, 1) + " µs" }
    if ns < 99_995_000 { return fixed(ns / 1e6, 2) + " ms" }
    return fixed(ns / 1e6, 0) + " ms"
  }

  /// "768 B", "1.5 KB", "42.3 MB", "1.21 GB" (powers of 1000).
  package static func size(_ bytes: Bytes) -> String {
    let value = Double(bytes.rawValue)
    if value < 1000 { return "\(bytes.rawValue) B" }
    if value < 999_950 { return fixed(value / 1e3, 1) + " KB" }
    if value < 999_950_000 { return fixed(value / 1e6, 1) + " MB" }
    return fixed(value / 1e9, 2) + " GB"
  }
}
