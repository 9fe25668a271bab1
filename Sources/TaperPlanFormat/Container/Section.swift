public import TaperBase

/// One entry of a container's section table.
public struct Section: Hashable, Sendable {
  public var kind: SectionKind
  /// Bit 0: a reader that does not know the kind must refuse the file. Other bits are zero.
  public var flags: UInt32
  public var offset: UInt64
  public var size: UInt64
  public var alignment: UInt32
  public var digest: Digest

  public static let requiredFlag: UInt32 = 1
  public var isRequired: Bool { flags & Section.requiredFlag != 0 }

  public init(
    kind: SectionKind, flags: UInt32, offset: UInt64, size: UInt64, alignment: UInt32, digest: Digest
  ) {
    self.kind = kind
    self.flags = flags
    self.offset = offset
    self.size = size
    self.alignment = alignment
    self.digest = digest
  }
}
