import TaperBase

extension PlanCodec {
  static func write(_ identity: PlanIdentity, to writer: inout ByteWriter) {
    writer.write(identity.modelName)
    writer.write(identity.family)
    writer.write(identity.toolVersion)
    writer.write(identity.request)
    writer.write(identity.method)
    writer.write(identity.precision)
    writer.write(identity.deviceName)
    writer.write(identity.threads)
    writer.write(count: identity.passes.count)
    for pass in identity.passes { writer.write(pass) }
    writer.write(identity.modelDigest)
    writer.write(identity.tokenizerDigest)
    writer.write(identity.calibrationDigest)
    writer.write(identity.profileDigest)
  }

  static func readIdentity(_ reader: inout SectionReader) throws(PlanFormatError) -> PlanIdentity {
    let modelName = unsafe try reader.readString()
    let family = unsafe try reader.readString()
    let toolVersion = unsafe try reader.readString()
    let request = unsafe try reader.readString()
    let method = unsafe try reader.readString()
    let precision = unsafe try reader.readString()
    let deviceName = unsafe try reader.readString()
    let threads = unsafe try reader.read(UInt16.self)
    var passes: [String] = []
    for _ in 0..<(unsafe try reader.readCount(elementSize: 4)) {
      unsafe passes.append(try reader.readString())
    }
    return unsafe PlanIdentity(
      modelName: modelName, family: family, toolVersion: toolVersion, request: request, method: method,
      precision: precision, deviceName: deviceName, threads: Int(threads), passes: passes,
      modelDigest: try reader.readDigest(), tokenizerDigest: try reader.readDigest(),
      calibrationDigest: try reader.readDigest(), profileDigest: try reader.readDigest())
  }

  static func write(_ model: ModelShape, to writer: inout ByteWriter) {
    writer.write(model.hidden)
    writer.write(model.layers)
    writer.write(model.heads)
    writer.write(model.feedForward)
    writer.write(model.vocabulary)
    writer.write(model.tokenTypes)
  }

  static func readModel(_ reader: inout SectionReader) throws(PlanFormatError) -> ModelShape {
    let values = unsafe try reader.readUInt32s(6)
    return ModelShape(
      hidden: Int(values[0]), layers: Int(values[1]), heads: Int(values[2]), feedForward: Int(values[3]),
      vocabulary: Int(values[4]), tokenTypes: Int(values[5]))
  }
}
