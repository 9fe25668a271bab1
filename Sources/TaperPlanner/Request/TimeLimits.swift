public import TaperPlanFormat

/// Limits that predicted times keep within: deadlines in steps over the input length, an average over the calibration's
/// lengths, or both.
public struct TimeLimits: Hashable, Sendable {
  /// One deadline for all lengths above the step before, up to its own.
  public struct Step: Hashable, Sendable {
    public var maximumLength: Int
    public var time: Nanoseconds

    public init(upTo maximumLength: Int, _ time: Nanoseconds) {
      self.maximumLength = maximumLength
      self.time = time
    }
  }

  /// What holds for the average text.
  public enum Average: Hashable, Sendable {
    case time(Nanoseconds)
    /// Texts a second, one after the other.
    case throughput(Double)

    /// The average time it allows, in nanoseconds.
    package var nanoseconds: Double {
      switch self {
      case .time(let time): Double(time.rawValue)
      case .throughput(let rate): 1e9 / rate
      }
    }
  }

  /// Ascending by length; empty: no deadline.
  public var steps: [Step]
  /// What the deadlines hold for; an average is one of medians.
  public var percentile: Percentile
  public var average: Average?

  public init(_ steps: [Step] = [], at percentile: Percentile = .p50, average: Average? = nil) {
    self.steps = steps
    self.percentile = percentile
    self.average = average
  }

  /// The deadline of an input of `length` tokens, in nanoseconds; without one, no time is too long.
  package func deadline(_ length: Int) -> UInt64 {
    guard !steps.isEmpty else { return .max }
    return steps.first { length <= $0.maximumLength }?.time.rawValue ?? 0
  }

  /// Whether a time can be compared with them.
  var isSensible: Bool {
    let ascends = zip(steps, steps.dropFirst()).allSatisfy { $0.maximumLength < $1.maximumLength }
    let times = steps.map { Double($0.time.rawValue) } + [average?.nanoseconds].compactMap(\.self)
    return ascends && !times.isEmpty && times.allSatisfy { $0 > 0 && $0.isFinite }
  }
}
