/// Expected times of a plan in which the input decides how much is computed. They are below the worst case, which is
/// what `Predictions` promises.
public struct Expectations: Hashable, Sendable {
  /// The number of calibration texts they are computed from.
  public var texts: UInt32
  /// Over those texts, each at its own length.
  public var overall: ExpectedTime
  /// Entry n − 1 is for n tokens, over the texts nearest in length; maximumLength entries.
  public var lengths: [ExpectedTime]
  /// Tokens that leave each layer on average: maximumLength rows of layerCount entries.
  public var keptTokens: [Float]
  /// For each layer, the share of texts in which more tokens passed the threshold than the schedule allows.
  public var cappedShares: [Float]

  public init(
    texts: Int, overall: ExpectedTime, lengths: [ExpectedTime], keptTokens: [Float], cappedShares: [Float]
  ) {
    self.texts = UInt32(texts)
    self.overall = overall
    self.lengths = lengths
    self.keptTokens = keptTokens
    self.cappedShares = cappedShares
  }

  /// Mean T(1)…T(L) for an input of `length` tokens.
  public func keptTokens(length: Int) -> ArraySlice<Float> {
    let layers = cappedShares.count
    return keptTokens[(length - 1) * layers..<length * layers]
  }
}

/// How predicted times spread over texts.
public struct ExpectedTime: BitwiseCopyable, Hashable, Sendable {
  public var mean: Nanoseconds
  public var p50: Nanoseconds
  public var p90: Nanoseconds
  public var p99: Nanoseconds

  /// Percentiles by nearest rank.
  /// - Precondition: `times` is not empty.
  public init(_ times: [Nanoseconds]) {
    let sorted = times.sorted()
    func percentile(_ percent: Int) -> Nanoseconds { sorted[max(0, (percent * sorted.count + 99) / 100 - 1)] }
    self.init(
      mean: Nanoseconds(times.reduce(UInt64(0)) { $0 &+ $1.rawValue } / UInt64(times.count)),
      p50: percentile(50),
      p90: percentile(90), p99: percentile(99))
  }

  public init(mean: Nanoseconds, p50: Nanoseconds, p90: Nanoseconds, p99: Nanoseconds) {
    self.mean = mean
    self.p50 = p50
    self.p90 = p90
    self.p99 = p99
  }
}
