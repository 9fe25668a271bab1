/// The container's constants: specs/plan-format.md is normative.
public enum ContainerFormat {
  /// 0x89 TAPER CR LF 0x1A LF, padded with zeros: a transfer that changes line ends, clears the high bit or stops at
  /// control-Z breaks it, as PNG's signature does.
  static let magic: [UInt8] = [
    0x89, 0x54, 0x41, 0x50, 0x45, 0x52, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 0, 0, 0,
  ]
  /// The newest version this code reads and writes. A file is written in the oldest version that can say it
  /// (`Plan.formatVersion`), which is then also the oldest reader that understands it.
  public static let version = FormatVersion.encodedAttention
  /// Bytes of the header that this version knows; later versions may append to it.
  static let headerSize = 96
  static let maximumHeaderSize = 4096
  static let tableEntrySize = 64
  static let maximumSections = 256
  static let pageSize: UInt32 = 4096
  static let maximumAlignment: UInt32 = 65536
  /// Where the digest of header and table stands in the header.
  static let digestOffset = 48
}

/// What kind of file a container is.
enum ContainerKind: UInt32 {
  case plan = 0
  case weights = 1
}
