import TaperBase

extension PlanCodec {
  static func write(_ evidence: AccuracyEvidence, to writer: inout ByteWriter) {
    writer.write(evidence.metric.rawValue)
    writer.write(evidence.source.rawValue)
    writer.write(evidence.texts)
    writer.write(evidence.planned)
    writer.write(evidence.dense != nil)
    if let dense = evidence.dense { writer.write(dense) }
    writer.write(evidence.interval != nil)
    if let interval = evidence.interval {
      writer.write(interval.low)
      writer.write(interval.high)
    }
    if evidence.metric == .f1 { writer.write(evidence.positive ?? "") }
  }

  static func readEvidence(_ reader: inout SectionReader) throws(PlanFormatError) -> AccuracyEvidence {
    let metric = unsafe try reader.readCase { AccuracyEvidence.Metric(rawValue: $0) }
    let source = unsafe try reader.readCase { AccuracyEvidence.Source(rawValue: $0) }
    let texts = unsafe try reader.read(UInt32.self)
    let planned = unsafe try reader.readFloat()
    let dense = unsafe try reader.readBool() ? try reader.readFloat() : nil
    let interval =
      unsafe try reader.readBool()
      ? AccuracyEvidence.Interval(low: try reader.readFloat(), high: try reader.readFloat()) : nil
    let positive = unsafe metric == .f1 ? try reader.readString() : nil
    return AccuracyEvidence(
      metric: metric, positive: positive, source: source, texts: Int(texts), planned: planned, dense: dense,
      interval: interval)
  }
}
