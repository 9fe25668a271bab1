import TaperModelSpec
import TaperPlanFormat
import TaperPlanner

/// Models without weights, small enough to plan in a moment.
enum SyntheticModels {
  static func head(
    _ pooling: Pooling, kind: HeadKind = .embedding, normalized: Bool = false, outputs: Int? = nil,
    pooler: Bool = false, hidden: Int
  ) -> HeadSpec {
    let isNamed = kind == .classification || kind == .multiLabel
    var steps: [HeadStep] = [.pool(pooling, width: hidden)]
    if pooler { steps += HeadStep.pooler(.tanh, norm: nil, width: hidden) }
    if normalized { steps.append(.normalize(width: hidden)) }
    return HeadSpec(
      kind: kind, steps: steps, labels: isNamed ? (0..<(outputs ?? 0)).map { "label \($0)" } : [],
      outputWidth: outputs ?? hidden, hasLinear: outputs != nil)
  }

  static func facts(
    hidden: Int = 64, layers: Int = 4, heads: Int = 4, feedForward: Int = 256, maximumLength: Int = 64,
    relativeBias: Bool = false, head: HeadSpec? = nil
  ) -> EncoderFacts {
    EncoderFacts(
      name: "synthetic", family: relativeBias ? "mpnet" : "bert",
      shape: ModelShape(
        hidden: hidden, layers: layers, heads: heads, feedForward: feedForward, vocabulary: 100,
        tokenTypes: relativeBias ? 0 : 2),
      activation: .gelu, layerNormEpsilon: 1e-12, positionOffset: relativeBias ? 2 : 0,
      positions: maximumLength + (relativeBias ? 2 : 0), maximumLength: maximumLength,
      hasRelativeBias: relativeBias, head: head ?? self.head(.mean, normalized: true, hidden: hidden))
  }

  /// Every kind of head and family, by name.
  static let all: [(name: String, facts: EncoderFacts)] = [
    ("embedding, mean", facts()),
    ("embedding, [CLS]", facts(head: head(.cls, hidden: 64))),
    ("embedding, [CLS], normalised", facts(head: head(.cls, normalized: true, hidden: 64))),
    (
      "classification, pooler",
      facts(head: head(.cls, kind: .classification, outputs: 3, pooler: true, hidden: 64))
    ),
    ("classification, mean", facts(head: head(.mean, kind: .classification, outputs: 3, hidden: 64))),
    ("regression, [CLS]", facts(head: head(.cls, kind: .regression, outputs: 1, hidden: 64))),
    (
      "multi-label, mean",
      facts(head: head(.mean, kind: .multiLabel, normalized: true, outputs: 5, hidden: 64))
    ),
    ("relative bias, mean", facts(relativeBias: true)),
    ("relative bias, [CLS]", facts(relativeBias: true, head: head(.cls, hidden: 64))),
    ("one layer, [CLS]", facts(layers: 1, head: head(.cls, hidden: 64))),
  ]

  static let profile = [0.9, 0.7, 0.5, 0.3]
}
