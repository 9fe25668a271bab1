import TaperBase

extension PlanCodec {
  static func write(_ head: Head, to writer: inout ByteWriter) {
    writer.write(head.kind.rawValue)
    writer.write(head.pooling.rawValue)
    writer.write(head.normalized)
    writer.write(head.outputWidth)
    writer.write(count: head.labels.count)
    for label in head.labels { writer.write(label) }
  }

  static func readHead(_ reader: inout SectionReader) throws(PlanFormatError) -> Head {
    let kind = unsafe try reader.readCase { HeadKind(rawValue: $0) }
    let pooling = unsafe try reader.readCase { Pooling(rawValue: $0) }
    let normalized = unsafe try reader.readBool()
    let width = unsafe try reader.read(UInt32.self)
    var labels: [String] = []
    for _ in 0..<(unsafe try reader.readCount(elementSize: 4)) {
      unsafe labels.append(try reader.readString())
    }
    return Head(kind: kind, pooling: pooling, normalized: normalized, labels: labels, outputWidth: Int(width))
  }

  static func write(_ canaries: [Canary], to writer: inout ByteWriter) {
    writer.write(count: canaries.count)
    for canary in canaries {
      writer.write(count: canary.ids.count)
      for id in canary.ids { writer.write(id) }
      writer.write(count: canary.typeIDs.count)
      for id in canary.typeIDs { writer.write(id) }
      writer.write(count: canary.expected.count)
      for value in canary.expected { writer.write(value) }
      writer.write(canary.tolerance)
    }
  }

  static func readCanaries(_ reader: inout SectionReader) throws(PlanFormatError) -> [Canary] {
    var canaries: [Canary] = []
    for _ in 0..<(unsafe try reader.readCount(elementSize: 16)) {
      let ids = unsafe try reader.readCountedUInt32s()
      let typeIDs = unsafe try reader.readCountedUInt32s()
      let count = unsafe try reader.readCount(elementSize: 4)
      var expected: [Float] = []
      expected.reserveCapacity(count)
      for _ in 0..<count { unsafe expected.append(try reader.readFloat()) }
      let tolerance = unsafe try reader.readFloat()
      canaries.append(Canary(ids: ids, typeIDs: typeIDs, expected: expected, tolerance: tolerance))
    }
    return canaries
  }
}
