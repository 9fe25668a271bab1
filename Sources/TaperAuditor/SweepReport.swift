public import TaperPlanFormat

/// One plan of a sweep: what was requested, predicted and measured.
public struct SweepRow: Hashable, Sendable {
  /// Name of the plan's file.
  public var name: String
  public var method: String
  public var layers: Int
  public var prediction: LengthPrediction
  /// Nil when nothing was timed.
  public var measured: TimePercentiles?
  /// Predicted time of the calibration's texts as they are, mean; nil without a calibration.
  public var expected: Nanoseconds?
  /// Measured time of texts as they are, mean; nil when nothing was timed.
  public var mean: Nanoseconds?
  /// Nil when there were no texts to judge by.
  public var accuracy: AccuracyAudit?

  public init(
    name: String, method: String, layers: Int, prediction: LengthPrediction, measured: TimePercentiles? = nil,
    expected: Nanoseconds? = nil, mean: Nanoseconds? = nil, accuracy: AccuracyAudit? = nil
  ) {
    self.name = name
    self.method = method
    self.layers = layers
    self.prediction = prediction
    self.measured = measured
    self.expected = expected
    self.mean = mean
    self.accuracy = accuracy
  }
}

/// Plans of one checkpoint from dense to the fastest: speed against accuracy, and the Pareto front of the two.
public struct SweepReport: Hashable, Sendable {
  /// What the accuracies are measured on.
  public enum Evidence: String, Hashable, Sendable {
    /// Labelled texts given for it.
    case test
    /// Labelled texts kept back when each head was refitted.
    case heldOut = "held-out"
    /// The dense model's answers on the calibration texts.
    case calibration
    case none
  }

  public var model: String
  public var device: String
  public var precision: String
  public var threads: Int
  /// Input length of all times and speedups.
  public var tokens: Int
  public var evidence: Evidence
  /// Whether plans are compared by the mean time of texts as they are, instead of that of a text of `tokens` tokens.
  public var isInMean: Bool
  /// The dense plan first.
  public var rows: [SweepRow]

  /// - Precondition: `rows` is not empty, its first the dense plan.
  public init(
    model: String, device: String, precision: String, threads: Int, tokens: Int, evidence: Evidence,
    isInMean: Bool = false, rows: [SweepRow]
  ) {
    precondition(!rows.isEmpty)
    self.model = model
    self.device = device
    self.precision = precision
    self.threads = threads
    self.tokens = tokens
    self.evidence = evidence
    self.isInMean = isInMean
    self.rows = rows
  }

  public var metric: AccuracyAudit.Metric? { rows[0].accuracy?.metric }
  public var isTimed: Bool { rows.allSatisfy { $0.measured != nil } }

  /// Dense over planned in measured medians; nil when nothing was timed.
  public func measuredSpeedup(_ row: SweepRow) -> Double? {
    guard let dense = rows[0].measured, let measured = row.measured else { return nil }
    return Double(dense.p50.rawValue) / Double(max(1, measured.p50.rawValue))
  }

  /// Dense over planned in the mean time of texts as they are: measured where everything was timed, predicted else; nil
  /// when neither is known.
  public func meanSpeedup(_ row: SweepRow) -> Double? {
    for time in [\SweepRow.mean, \.expected] {
      if let dense = rows[0][keyPath: time], let planned = row[keyPath: time] {
        return Double(dense.rawValue) / Double(max(1, planned.rawValue))
      }
    }
    return nil
  }

  /// What plans are compared by: where the input decides how much is computed, the mean over texts; else at `tokens`
  /// tokens. Measured where everything was timed, predicted else.
  public func speedup(_ row: SweepRow) -> Double {
    (isInMean ? meanSpeedup(row) : nil) ?? measuredSpeedup(row) ?? row.prediction.timeSpeedup
  }

  /// What the row gives away of the dense plan's metric; negative where it does better. Nil without accuracies.
  public func lost(_ row: SweepRow) -> Double? {
    guard let dense = rows[0].accuracy?.value, let value = row.accuracy?.value else { return nil }
    return dense - value
  }

  /// Whether no other plan is at least as fast and as accurate, and better in one. Without accuracies: none is better.
  public func isPareto(_ row: SweepRow) -> Bool {
    guard let value = row.accuracy?.value else { return true }
    return !rows.contains { other in
      guard let otherValue = other.accuracy?.value else { return false }
      let (faster, better) = (speedup(other) - speedup(row), otherValue - value)
      return faster >= 0 && better >= 0 && (faster > 0 || better > 0)
    }
  }

  /// The fastest plan that loses at most that share of the metric; the dense one loses nothing. Nil without accuracies.
  public func fastest(losingAtMost drop: Double) -> SweepRow? {
    rows.filter { lost($0).map { $0 <= drop + 1e-9 } ?? false }.max { speedup($0) < speedup($1) }
  }
}

extension AccuracyAudit {
  /// The metric's value: against the right answers where they are known, else against the dense model's.
  public var value: Double? { planned ?? agreement }
}
