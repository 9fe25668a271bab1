import TaperBase

extension PlanCodec {
  static func write(_ index: WeightsIndex, to writer: inout ByteWriter) {
    writer.write(index.byteCount.rawValue)
    writer.write(index.digest)
    writer.write(index.isEmbedded)
    writer.write(count: index.entries.count)
    for entry in index.entries {
      writer.write(entry.name)
      writer.write(entry.element.rawValue)
      writer.write(entry.layout.rawValue)
      writer.write(UInt8(entry.shape.count))
      for extent in entry.shape { writer.write(extent) }
      writer.write(entry.offset.rawValue)
      writer.write(entry.byteCount.rawValue)
    }
  }

  static func readWeightsIndex(_ reader: inout SectionReader) throws(PlanFormatError) -> WeightsIndex {
    let byteCount = unsafe Bytes(rawValue: try reader.read())
    let digest = unsafe try reader.readDigest()
    let isEmbedded = unsafe try reader.readBool()
    let count = unsafe try reader.readCount(elementSize: 23)
    var entries: [WeightEntry] = []
    entries.reserveCapacity(count)
    for _ in 0..<count {
      let name = unsafe try reader.readString()
      let element = unsafe try reader.readCase { ElementType(rawValue: $0) }
      let layout = unsafe try reader.readCase { WeightLayout(rawValue: $0) }
      let rank = unsafe try reader.read(UInt8.self)
      let shape = unsafe try reader.readUInt32s(Int(rank))
      let offset = unsafe Bytes(rawValue: try reader.read())
      let size = unsafe Bytes(rawValue: try reader.read())
      entries.append(
        WeightEntry(
          name: name, element: element, layout: layout, shape: shape, offset: offset, byteCount: size))
    }
    return WeightsIndex(entries: entries, byteCount: byteCount, digest: digest, isEmbedded: isEmbedded)
  }
}
