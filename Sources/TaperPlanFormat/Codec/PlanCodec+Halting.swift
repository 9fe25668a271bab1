import TaperBase

extension PlanCodec {
  static func write(_ halting: Halting, to writer: inout ByteWriter) {
    writer.write(halting.layers)
    writer.write(count: halting.depthTimes.count)
    for time in halting.depthTimes { writer.write(time.rawValue) }
    writer.write(halting.measured != nil)
    guard let measured = halting.measured else { return }
    writer.write(count: measured.histogram.count)
    for count in measured.histogram { writer.write(count) }
    write(measured.time, to: &writer)
  }

  static func readHalting(_ reader: inout SectionReader) throws(PlanFormatError) -> Halting {
    let layers = unsafe try reader.read(UInt16.self)
    let count = unsafe try reader.readCount(elementSize: 8)
    var halting = Halting(layers: Int(layers))
    halting.depthTimes.reserveCapacity(count)
    for _ in 0..<count { unsafe halting.depthTimes.append(Nanoseconds(rawValue: try reader.read())) }
    guard unsafe try reader.readBool() else { return halting }
    let depths = unsafe try reader.readCount(elementSize: 4)
    halting.measured = unsafe HaltingDepths(
      histogram: try reader.readUInt32s(depths), time: try readExpectedTime(&reader))
    return halting
  }
}
