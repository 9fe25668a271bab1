/// The schedule: for every input length n in 1...maximumLength, the tokens kept after each layer.
///
/// Row n of `keepCounts` is T(0)…T(L) with T(0) = n, non-increasing, at least 1. A row for every length makes the
/// latency promise hold for every input, without padding (ours).
public struct Schedule: Hashable, Sendable {
  public var maximumLength: Int
  public var layerCount: Int
  /// maximumLength rows of layerCount + 1 entries.
  public var keepCounts: [UInt16]
  /// Whether dropped tokens' last states are put back before pooling.
  public var restoresDroppedTokens: Bool

  public init(maximumLength: Int, layerCount: Int, keepCounts: [UInt16], restoresDroppedTokens: Bool) {
    self.maximumLength = maximumLength
    self.layerCount = layerCount
    self.keepCounts = keepCounts
    self.restoresDroppedTokens = restoresDroppedTokens
  }

  /// Every token kept everywhere.
  public static func dense(maximumLength: Int, layerCount: Int) -> Schedule {
    var counts: [UInt16] = []
    counts.reserveCapacity(maximumLength * (layerCount + 1))
    for n in 1...maximumLength { counts.append(contentsOf: repeatElement(UInt16(n), count: layerCount + 1)) }
    return Schedule(
      maximumLength: maximumLength, layerCount: layerCount, keepCounts: counts, restoresDroppedTokens: false)
  }

  /// A retention configuration T(1)…T(L) of the longest input N, held in proportion at every length n (ours):
  /// ⌈n·T(l)/N⌉ tokens after layer l. `kept` must not rise, nor exceed N.
  public static func proportional(to kept: [Int], maximumLength: Int) -> Schedule {
    var counts: [UInt16] = []
    counts.reserveCapacity(maximumLength * (kept.count + 1))
    for n in 1...maximumLength {
      counts.append(UInt16(n))
      for count in kept { counts.append(UInt16((n * count + maximumLength - 1) / maximumLength)) }
    }
    return Schedule(
      maximumLength: maximumLength, layerCount: kept.count, keepCounts: counts, restoresDroppedTokens: false)
  }

  /// From 1; empty in a plan of word rows.
  public var layers: Range<Int> { 1..<layerCount + 1 }

  /// T(l) for an input of `length` tokens; `layer` 0 is the input itself.
  public func tokens(after layer: Int, length: Int) -> Int {
    Int(keepCounts[(length - 1) * (layerCount + 1) + layer])
  }

  /// The value of a row symbol for an input of `length` tokens.
  public func value(of rows: RowCount, length: Int) -> Int {
    guard let layer = rows.layer else { return 1 }
    return tokens(after: layer, length: length)
  }

  /// T(0)…T(L) for an input of `length` tokens.
  public func retentionConfiguration(length: Int) -> ArraySlice<UInt16> {
    keepCounts[(length - 1) * (layerCount + 1)..<length * (layerCount + 1)]
  }

  /// Whether layer `layer` (1-based) drops a token for some input length.
  public func reduces(layer: Int) -> Bool {
    (1...maximumLength).contains { length in
      Schedule.isReduced(layer: layer, layerCount: layerCount) { tokens(after: $0, length: length) }
    }
  }

  /// Whether some input loses tokens in some layer.
  public var reducesAnywhere: Bool { (0..<layerCount).contains { reduces(layer: $0 + 1) } }

  /// Whether `layer` drops tokens in a run that has T(l) = `tokens(l)`. Embeddings (layer 0), pooling and head (layer
  /// `layerCount` + 1) drop none.
  @inlinable
  public static func isReduced<Count: Comparable>(
    layer: Int, layerCount: Int, tokens: (Int) -> Count
  ) -> Bool {
    layer > 0 && layer <= layerCount && tokens(layer) < tokens(layer &- 1)
  }
}

extension OpGuard {
  /// Whether an op with this guard runs, given whether its layer drops tokens.
  @inlinable
  public func holds(isReduced: Bool) -> Bool {
    switch self {
    case .always: true
    case .ifReduced: isReduced
    case .ifNotReduced: !isReduced
    }
  }
}

extension PlanOp {
  /// Whether the op runs for an input of `length` tokens.
  public func runs(in schedule: Schedule, length: Int) -> Bool {
    condition.holds(
      isReduced: Schedule.isReduced(layer: Int(layer), layerCount: schedule.layerCount) {
        schedule.tokens(after: $0, length: length)
      })
  }
}
