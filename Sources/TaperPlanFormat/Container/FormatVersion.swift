/// A version of the file format: a new minor adds what old readers may skip, a new major what they may not.
public struct FormatVersion: BitwiseCopyable, Hashable, Comparable, Sendable {
  public var major: UInt16
  public var minor: UInt16
  public init(major: UInt16, minor: UInt16) {
    self.major = major
    self.minor = minor
  }
  public static func < (a: Self, b: Self) -> Bool {
    a.major != b.major ? a.major < b.major : a.minor < b.minor
  }
  public var description: String { "\(major).\(minor)" }
}
