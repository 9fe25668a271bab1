/// Where a predicted time comes from.
public enum Provenance: UInt8, CaseIterable, BitwiseCopyable, Hashable, Sendable {
  case measured = 0
  case interpolated = 1
  case modelled = 2
}

/// What limits an op's time, by the roofline.
public enum Bound: UInt8, CaseIterable, BitwiseCopyable, Hashable, Sendable {
  case compute = 0
  case bandwidth = 1
  case overhead = 2
}

/// A predicted time with its interval, and the work and traffic that it is for.
public struct Prediction: BitwiseCopyable, Hashable, Sendable {
  public var time: Nanoseconds
  public var low: Nanoseconds
  public var high: Nanoseconds
  public var work: Flops
  public var traffic: Bytes
  public var bound: Bound
  public var provenance: Provenance
  public init(
    time: Nanoseconds, low: Nanoseconds, high: Nanoseconds, work: Flops, traffic: Bytes, bound: Bound,
    provenance: Provenance
  ) {
    self.time = time
    self.low = low
    self.high = high
    self.work = work
    self.traffic = traffic
    self.bound = bound
    self.provenance = provenance
  }
}

/// End-to-end prediction for one input length, and the dense plan's on the same device.
public struct LengthPrediction: BitwiseCopyable, Hashable, Sendable {
  public var planned: Prediction
  /// The dense plan's predicted time and work at the same length.
  public var denseTime: Nanoseconds
  public var denseWork: Flops
  /// Work of this length by the published form (4d²T(l−1) + 2dT(l−1)² + 2dfT(l)), reduced and dense.
  public var publishedWork: Flops
  public var publishedDenseWork: Flops
  public init(
    planned: Prediction, denseTime: Nanoseconds, denseWork: Flops, publishedWork: Flops,
    publishedDenseWork: Flops
  ) {
    self.planned = planned
    self.denseTime = denseTime
    self.denseWork = denseWork
    self.publishedWork = publishedWork
    self.publishedDenseWork = publishedDenseWork
  }

  /// Predicted dense time over predicted planned time.
  public var timeSpeedup: Double { Double(denseTime.rawValue) / Double(max(1, planned.time.rawValue)) }
  /// Dense work over planned work, by the published form, which counts layers: nil where no layer is left.
  public var publishedWorkSpeedup: Double? {
    publishedWork == .zero ? nil : Double(publishedDenseWork.rawValue) / Double(publishedWork.rawValue)
  }
}

/// The predictions in a plan: end to end for every input length, and op by op at a few reference lengths.
public struct Predictions: Hashable, Sendable {
  /// Entry n − 1 is for n tokens; maximumLength entries.
  public var lengths: [LengthPrediction]
  /// Ascending input lengths for which op predictions are stored.
  public var referenceLengths: [UInt16]
  /// referenceLengths.count rows of ops.count entries. Zero for an op that does not run at that length.
  public var ops: [Prediction]
  public init(lengths: [LengthPrediction] = [], referenceLengths: [UInt16] = [], ops: [Prediction] = []) {
    self.lengths = lengths
    self.referenceLengths = referenceLengths
    self.ops = ops
  }
}
