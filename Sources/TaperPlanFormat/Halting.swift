/// What a plan whose runs may end before its last layer promises besides the worst case, which is in `Predictions`.
///
/// A halting point is an op (`OpKind.haltingRule`). Its test tells whether any later layer can change the leading
/// class; when none can, the run ends with the answer it has. The schedule's last layer is the depth cap: every run
/// ends there.
public struct Halting: Hashable, Sendable {
  /// Layers of the encoder that the tests reason about; more than the schedule's when the plan is capped.
  public var layers: UInt16
  /// Predicted time of an input of n tokens that ends after layer k: maximumLength rows of layerCount entries, each row
  /// ending with the worst case; empty in a plan without predictions.
  public var depthTimes: [Nanoseconds]
  /// Where calibration texts ended; nil when none were run.
  public var measured: HaltingDepths?

  public init(layers: Int, depthTimes: [Nanoseconds] = [], measured: HaltingDepths? = nil) {
    self.layers = UInt16(layers)
    self.depthTimes = depthTimes
    self.measured = measured
  }
}

/// After which layers calibration texts ended, and their predicted times.
public struct HaltingDepths: Hashable, Sendable {
  /// Entry k − 1 counts the texts that ended after layer k; the last entry, the cap, those that no test ended.
  public var histogram: [UInt32]
  /// Over those texts, each at its own length and depth.
  public var time: ExpectedTime

  public init(histogram: [UInt32], time: ExpectedTime) {
    self.histogram = histogram
    self.time = time
  }

  public var texts: Int { histogram.reduce(0) { $0 + Int($1) } }

  /// Layers a text ran on average.
  public var meanDepth: Double {
    var layers = 0
    for (number, count) in histogram.enumerated() { layers += (number + 1) * Int(count) }
    return Double(layers) / Double(max(1, texts))
  }

  /// Share of the texts that ran to the cap.
  public var capShare: Double { Double(histogram.last ?? 0) / Double(max(1, texts)) }
}

/// When a halting point ends a run: no later layer can then change the leading class.
public enum HaltingRule: String, CaseIterable, BitwiseCopyable, Hashable, Sendable {
  /// leader·(1 − p)^d ≥ runner-up + p·d
  case authors
  /// (1 + leader − runner-up)·(1 − p)^d ≥ 1
  case tight

  /// The op that tests it.
  public var opKind: OpKind { OpKind.allCases.first { $0.haltingRule == self }! }
}

extension Plan {
  /// Predicted time of an input of `length` tokens that ends after layer `depth`; nil when the plan has none.
  public func predictedTime(length: Int, depth: Int) -> Nanoseconds? {
    guard let halting, !halting.depthTimes.isEmpty else { return nil }
    return halting.depthTimes[(length - 1) * schedule.layerCount + depth - 1]
  }

  /// The predicted time with every dynamic selection at its ceiling; in a plan that does not halt, the length's own.
  package func worstTime(length: Int, depth: Int) -> Nanoseconds {
    predictedTime(length: length, depth: depth) ?? predictions.lengths[length - 1].planned.time
  }

  /// The rule of its halting points; nil for a plan without any.
  public var haltingRule: HaltingRule? {
    for op in ops { if let rule = op.kind.haltingRule { return rule } }
    return nil
  }

  /// Layers after which a run may end before the cap, ascending.
  public var haltingPoints: [Int] { ops.filter { $0.kind.haltingRule != nil }.map { Int($0.layer) } }
}
