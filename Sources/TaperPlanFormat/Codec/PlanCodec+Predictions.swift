import TaperBase

extension PlanCodec {
  static let predictionSize = 42
  static let lengthPredictionSize = predictionSize + 32

  static func write(_ predictions: Predictions, to writer: inout ByteWriter) {
    writer.write(count: predictions.lengths.count)
    for length in predictions.lengths {
      write(length.planned, to: &writer)
      writer.write(length.denseTime.rawValue)
      writer.write(length.denseWork.rawValue)
      writer.write(length.publishedWork.rawValue)
      writer.write(length.publishedDenseWork.rawValue)
    }
    writer.write(count: predictions.referenceLengths.count)
    for length in predictions.referenceLengths { writer.write(length) }
    writer.write(count: predictions.ops.count)
    for prediction in predictions.ops { write(prediction, to: &writer) }
  }

  static func readPredictions(_ reader: inout SectionReader) throws(PlanFormatError) -> Predictions {
    var predictions = Predictions()
    let lengths = unsafe try reader.readCount(elementSize: lengthPredictionSize)
    predictions.lengths.reserveCapacity(lengths)
    for _ in 0..<lengths {
      let planned = unsafe try readPrediction(&reader)
      let denseTime = unsafe Nanoseconds(rawValue: try reader.read())
      let denseWork = unsafe Flops(rawValue: try reader.read())
      let publishedWork = unsafe Flops(rawValue: try reader.read())
      let publishedDenseWork = unsafe Flops(rawValue: try reader.read())
      predictions.lengths.append(
        LengthPrediction(
          planned: planned, denseTime: denseTime, denseWork: denseWork, publishedWork: publishedWork,
          publishedDenseWork: publishedDenseWork))
    }
    let references = unsafe try reader.readCount(elementSize: 2)
    predictions.referenceLengths = unsafe try reader.readUInt16s(references)
    let ops = unsafe try reader.readCount(elementSize: predictionSize)
    predictions.ops.reserveCapacity(ops)
    for _ in 0..<ops { unsafe predictions.ops.append(try readPrediction(&reader)) }
    return predictions
  }

  private static func write(_ prediction: Prediction, to writer: inout ByteWriter) {
    writer.write(prediction.time.rawValue)
    writer.write(prediction.low.rawValue)
    writer.write(prediction.high.rawValue)
    writer.write(prediction.work.rawValue)
    writer.write(prediction.traffic.rawValue)
    writer.write(prediction.bound.rawValue)
    writer.write(prediction.provenance.rawValue)
  }

  private static func readPrediction(_ reader: inout SectionReader) throws(PlanFormatError) -> Prediction {
    let time = unsafe Nanoseconds(rawValue: try reader.read())
    let low = unsafe Nanoseconds(rawValue: try reader.read())
    let high = unsafe Nanoseconds(rawValue: try reader.read())
    let work = unsafe Flops(rawValue: try reader.read())
    let traffic = unsafe Bytes(rawValue: try reader.read())
    let bound = unsafe try reader.readCase { Bound(rawValue: $0) }
    let provenance = unsafe try reader.readCase { Provenance(rawValue: $0) }
    return Prediction(
      time: time, low: low, high: high, work: work, traffic: traffic, bound: bound, provenance: provenance)
  }
}
