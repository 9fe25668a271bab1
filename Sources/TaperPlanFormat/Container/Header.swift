import TaperBase

/// A container's header: what stands before the section table.
struct Header {
  var version: FormatVersion
  var kind: UInt32
  /// Bytes of the header, those of later versions included; the table begins after them.
  var size: Int
  var sectionCount: Int
  var fileSize: UInt64

  /// Parses the header and verifies the digest over header and table.
  ///
  /// Unknown fields of a longer header are skipped, but the digest covers them.
  init(_ bytes: UnsafeRawBufferPointer) throws(PlanFormatError) {
    let minimum = ContainerFormat.headerSize
    guard bytes.count >= minimum else {
      throw .fileSize(expected: UInt64(minimum), found: UInt64(bytes.count))
    }
    var reader = unsafe SectionReader(bytes, SectionKind(rawValue: 0))
    _ = unsafe try reader.readBytes(ContainerFormat.magic.count)
    let written = unsafe FormatVersion(major: try reader.read(), minor: try reader.read())
    let needed = unsafe FormatVersion(major: try reader.read(), minor: try reader.read())
    guard needed <= ContainerFormat.version else {
      throw .newerVersion(written: written, needsReader: needed, thisReader: ContainerFormat.version)
    }
    // What this version or an older one wrote has one spelling; a later one may need any older reader.
    guard written.major >= 1, needed <= written,
      written > ContainerFormat.version || needed == written
    else {
      throw .malformedHeader(.version, found: UInt64(written.major))
    }
    version = written
    let headerSize = unsafe try reader.read(UInt32.self)
    guard headerSize >= UInt32(minimum), headerSize <= UInt32(ContainerFormat.maximumHeaderSize),
      headerSize % 8 == 0,
      written > ContainerFormat.version || headerSize == UInt32(minimum)
    else { throw .malformedHeader(.size, found: UInt64(headerSize)) }
    let count = unsafe try reader.read(UInt32.self)
    guard count <= UInt32(ContainerFormat.maximumSections) else {
      throw .malformedHeader(.sectionCount, found: UInt64(count))
    }
    kind = unsafe try reader.read()
    let reserved = unsafe try reader.read(UInt32.self)
    fileSize = unsafe try reader.read()
    let digest = unsafe try reader.readDigest()
    let reserved1 = unsafe try reader.read(UInt64.self)
    let reserved2 = unsafe try reader.read(UInt64.self)
    guard reserved == 0, reserved1 == 0, reserved2 == 0 else {
      throw .malformedHeader(.reserved, found: UInt64(reserved) | reserved1 | reserved2)
    }
    size = Int(headerSize)
    sectionCount = Int(count)
    let end = size + sectionCount * ContainerFormat.tableEntrySize
    guard end <= bytes.count else { throw .fileSize(expected: fileSize, found: UInt64(bytes.count)) }
    guard unsafe Header.digest(UnsafeRawBufferPointer(rebasing: bytes[..<end])) == digest else {
      throw .headerDigest
    }
  }

  /// SHA-256 of header and table, with zeros where the digest itself stands.
  /// - Precondition: at least `ContainerFormat.headerSize` bytes.
  static func digest(_ bytes: UnsafeRawBufferPointer) -> Digest {
    var hash = SHA256()
    unsafe hash.update(UnsafeRawBufferPointer(rebasing: bytes[..<ContainerFormat.digestOffset]))
    hash.updateZeros(32)
    unsafe hash.update(UnsafeRawBufferPointer(rebasing: bytes[(ContainerFormat.digestOffset + 32)...]))
    return hash.finalize()
  }
}
