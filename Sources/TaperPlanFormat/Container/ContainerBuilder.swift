import TaperBase

/// Lays out a container: everything up to where the weights begin, padding included.
struct ContainerBuilder {
  var kind: ContainerKind
  var version: FormatVersion
  /// Ascending by kind.
  private(set) var sections: [(kind: SectionKind, content: [UInt8])] = []

  init(kind: ContainerKind, version: FormatVersion) {
    self.kind = kind
    self.version = version
  }

  mutating func add(_ kind: SectionKind, _ body: (inout ByteWriter) -> Void) {
    var writer = ByteWriter()
    body(&writer)
    sections.append((kind, writer.bytes))
  }

  /// The file up to its weights section's first byte; the whole file when `weights` is nil.
  func prefix(weights: (size: UInt64, digest: Digest)?) -> [UInt8] {
    let count = sections.count + (weights == nil ? 0 : 1)
    var end = UInt64(ContainerFormat.headerSize + count * ContainerFormat.tableEntrySize)
    var table: [Section] = []
    func place(_ kind: SectionKind, size: UInt64, digest: Digest) {
      let offset = roundUp(end, to: UInt64(kind.alignment))
      end = offset + size
      table.append(
        Section(
          kind: kind, flags: Section.requiredFlag, offset: offset, size: size, alignment: kind.alignment,
          digest: digest))
    }
    for (kind, content) in sections {
      place(kind, size: UInt64(content.count), digest: SHA256.digest(of: content))
    }
    if let weights { place(.weights, size: weights.size, digest: weights.digest) }

    let blank = headerAndTable(table, fileSize: end, digest: .zero)
    let digest = unsafe blank.withUnsafeBytes { unsafe Header.digest($0) }
    var bytes = headerAndTable(table, fileSize: end, digest: digest)
    for (index, entry) in table.enumerated() {
      bytes.append(contentsOf: repeatElement(0, count: Int(entry.offset) - bytes.count))
      if index < sections.count { bytes.append(contentsOf: sections[index].content) }
    }
    return bytes
  }

  private func headerAndTable(_ table: [Section], fileSize: UInt64, digest: Digest) -> [UInt8] {
    var writer = ByteWriter()
    writer.write(raw: ContainerFormat.magic)
    // Written, and the oldest reader that understands it.
    for _ in 0..<2 {
      writer.write(version.major)
      writer.write(version.minor)
    }
    writer.write(UInt32(ContainerFormat.headerSize))
    writer.write(UInt32(table.count))
    writer.write(kind.rawValue)
    writer.write(UInt32(0))
    writer.write(fileSize)
    writer.write(digest)
    writer.write(UInt64(0))
    writer.write(UInt64(0))
    for entry in table {
      writer.write(entry.kind.rawValue)
      writer.write(entry.flags)
      writer.write(entry.offset)
      writer.write(entry.size)
      writer.write(entry.alignment)
      writer.write(UInt32(0))
      writer.write(entry.digest)
    }
    return writer.bytes
  }
}
