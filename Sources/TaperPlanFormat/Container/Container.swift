import TaperBase

/// A parsed container: where its sections lie. Reading it checks everything but the sections' contents.
struct Container {
  /// As written.
  var version: FormatVersion
  var kind: ContainerKind
  var sections: [Section]

  /// Parses header and section table of a whole file.
  ///
  /// Checks magic, versions, the digest over header and table, and that sections ascend by kind, are aligned, and lie
  /// one after the other with nothing but zero padding between them up to the file's end. Verifies the digest of every
  /// section except the weights', whose pages are not touched.
  static func read(_ bytes: UnsafeRawBufferPointer, expecting kind: ContainerKind) throws(PlanFormatError)
    -> Container
  {
    unsafe try checkMagic(bytes)
    let header = unsafe try Header(bytes)
    guard header.kind == kind.rawValue else { throw .wrongFileKind(found: header.kind) }
    guard header.fileSize == UInt64(bytes.count) else {
      throw .fileSize(expected: header.fileSize, found: UInt64(bytes.count))
    }
    var sections: [Section] = []
    sections.reserveCapacity(header.sectionCount)
    var end = header.size + header.sectionCount * ContainerFormat.tableEntrySize
    for index in 0..<header.sectionCount {
      let at = header.size + index * ContainerFormat.tableEntrySize
      let entry = unsafe UnsafeRawBufferPointer(rebasing: bytes[at..<at + ContainerFormat.tableEntrySize])
      let section = unsafe try readEntry(entry, index: index)
      unsafe try checkPlace(section, index: index, after: sections.last, end: end, in: bytes)
      end = Int(section.offset) + Int(section.size)
      sections.append(section)
    }
    guard end == bytes.count else { throw .fileSize(expected: UInt64(end), found: UInt64(bytes.count)) }
    for section in sections where section.kind != .weights {
      if section.kind.name == nil, section.isRequired {
        throw .unknownRequiredSection(kind: section.kind.rawValue)
      }
      let content = unsafe section.content(of: bytes)
      guard unsafe SHA256.digest(of: content) == section.digest else { throw .sectionDigest(section.kind) }
    }
    return Container(version: header.version, kind: kind, sections: sections)
  }

  /// Refuses a file of a version we could have written that is not the one its content asks for: equal content, equal
  /// bytes.
  func requireVersion(_ expected: FormatVersion) throws(PlanFormatError) {
    guard version == expected || version > ContainerFormat.version else {
      throw .malformedHeader(.version, found: UInt64(version.minor))
    }
  }

  func section(_ kind: SectionKind) throws(PlanFormatError) -> Section {
    for section in sections where section.kind == kind { return section }
    throw .missingSection(kind)
  }

  private static func checkMagic(_ bytes: UnsafeRawBufferPointer) throws(PlanFormatError) {
    let magic = ContainerFormat.magic
    var same = 0
    while same < magic.count, same < bytes.count, unsafe bytes[same] == magic[same] { same += 1 }
    if same == magic.count { return }
    if same == bytes.count {
      throw .fileSize(expected: UInt64(ContainerFormat.headerSize), found: UInt64(same))
    }
    // The name is there but the trap after it sprang, or the high bit was lost.
    var named = bytes.count >= 6
    for at in 1..<6 where named { named = unsafe bytes[at] == magic[at] }
    throw named ? .mangledInTransfer : .notAPlan
  }

  private static func readEntry(_ bytes: UnsafeRawBufferPointer, index: Int) throws(PlanFormatError)
    -> Section
  {
    var reader = unsafe SectionReader(bytes, SectionKind(rawValue: 0))
    let kind = unsafe SectionKind(rawValue: try reader.read())
    let flags = unsafe try reader.read(UInt32.self)
    let offset = unsafe try reader.read(UInt64.self)
    let size = unsafe try reader.read(UInt64.self)
    let alignment = unsafe try reader.read(UInt32.self)
    let reserved = unsafe try reader.read(UInt32.self)
    let digest = unsafe try reader.readDigest()
    guard reserved == 0 else {
      throw .malformedSection(index: index, .reserved, expected: 0, found: UInt64(reserved))
    }
    return Section(kind: kind, flags: flags, offset: offset, size: size, alignment: alignment, digest: digest)
  }

  /// - Precondition: `end`, where the section before ends, lies inside the file.
  private static func checkPlace(
    _ section: Section, index: Int, after previous: Section?, end: Int, in bytes: UnsafeRawBufferPointer
  ) throws(PlanFormatError) {
    let floor = previous?.kind.rawValue ?? 0
    guard section.kind.rawValue > floor, section.kind.rawValue <= SectionKind.weights.rawValue else {
      throw .malformedSection(
        index: index, .order, expected: UInt64(floor), found: UInt64(section.kind.rawValue))
    }
    let known = section.kind.name != nil
    guard known ? section.flags == Section.requiredFlag : section.flags & ~Section.requiredFlag == 0 else {
      throw .malformedSection(
        index: index, .flags, expected: UInt64(Section.requiredFlag), found: UInt64(section.flags))
    }
    let alignment = section.alignment
    let fits =
      known
      ? alignment == section.kind.alignment
      : alignment >= 8 && alignment <= ContainerFormat.maximumAlignment && alignment & (alignment - 1) == 0
    guard fits else {
      throw .malformedSection(
        index: index, .alignment, expected: UInt64(section.kind.alignment), found: UInt64(alignment))
    }
    let expected = roundUp(UInt64(end), to: UInt64(alignment))
    guard section.offset == expected else {
      throw .malformedSection(index: index, .offset, expected: expected, found: section.offset)
    }
    guard section.offset <= UInt64(bytes.count), section.size <= UInt64(bytes.count) - section.offset else {
      throw .malformedSection(
        index: index, .size, expected: UInt64(bytes.count) - min(section.offset, UInt64(bytes.count)),
        found: section.size)
    }
    for at in end..<Int(section.offset) where unsafe bytes[at] != 0 {
      throw unsafe .malformedSection(index: index, .padding, expected: 0, found: UInt64(bytes[at]))
    }
  }
}

extension Section {
  /// The section's bytes. Safe after `Container.read` has placed the section inside `file`.
  func content(of file: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(rebasing: file[range])
  }

  var range: Range<Int> { Int(offset)..<Int(offset) + Int(size) }
}

/// `value` rounded up to a multiple of `alignment`; the largest value when that would not fit.
func roundUp(_ value: UInt64, to alignment: UInt64) -> UInt64 {
  let (sum, overflow) = value.addingReportingOverflow(alignment - 1)
  return overflow ? .max : sum / alignment * alignment
}
