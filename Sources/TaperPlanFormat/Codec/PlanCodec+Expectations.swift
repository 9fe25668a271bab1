import TaperBase

extension PlanCodec {
  static let expectedTimeSize = 32

  static func write(_ expectations: Expectations, to writer: inout ByteWriter) {
    writer.write(expectations.texts)
    write(expectations.overall, to: &writer)
    writer.write(count: expectations.lengths.count)
    for length in expectations.lengths { write(length, to: &writer) }
    writer.write(count: expectations.keptTokens.count)
    for tokens in expectations.keptTokens { writer.write(tokens) }
    writer.write(count: expectations.cappedShares.count)
    for share in expectations.cappedShares { writer.write(share) }
  }

  static func readExpectations(_ reader: inout SectionReader) throws(PlanFormatError) -> Expectations {
    let texts = unsafe try reader.read(UInt32.self)
    let overall = unsafe try readExpectedTime(&reader)
    let count = unsafe try reader.readCount(elementSize: expectedTimeSize)
    var lengths: [ExpectedTime] = []
    lengths.reserveCapacity(count)
    for _ in 0..<count { unsafe lengths.append(try readExpectedTime(&reader)) }
    return unsafe Expectations(
      texts: Int(texts), overall: overall, lengths: lengths, keptTokens: try readFloats(&reader),
      cappedShares: try readFloats(&reader))
  }

  private static func readFloats(_ reader: inout SectionReader) throws(PlanFormatError) -> [Float] {
    let count = unsafe try reader.readCount(elementSize: 4)
    var floats: [Float] = []
    floats.reserveCapacity(count)
    for _ in 0..<count { unsafe floats.append(try reader.readFloat()) }
    return floats
  }

  static func write(_ time: ExpectedTime, to writer: inout ByteWriter) {
    for value in [time.mean, time.p50, time.p90, time.p99] { writer.write(value.rawValue) }
  }

  static func readExpectedTime(_ reader: inout SectionReader) throws(PlanFormatError) -> ExpectedTime {
    unsafe ExpectedTime(
      mean: Nanoseconds(rawValue: try reader.read()), p50: Nanoseconds(rawValue: try reader.read()),
      p90: Nanoseconds(rawValue: try reader.read()), p99: Nanoseconds(rawValue: try reader.read()))
  }
}
