import TaperModelSpec
import TaperPlanFormat

/// config.json must say what the graph does: the two may be of two models.
struct ConfigComparison {
  let recognition: EncoderRecognition
  let layout: CheckpointLayout
  let choice: HeadChoice

  private var facts: GraphFacts { recognition.facts }

  /// Whether an optimiser put GELU's tanh form in the place of GELU: the graph is then what answers.
  var isApproximated: Bool { layout.activation == .gelu && facts.activation == .geluTanh }

  func check() throws(ImportError) {
    let shape = layout.shape
    try compare("layers", Int(shape.layers), facts.layers)
    try compare("hidden", Int(shape.hidden), facts.hidden)
    try compare("heads", Int(shape.heads), facts.heads)
    try compare("feed_forward", Int(shape.feedForward), facts.feedForward)
    try compare("vocabulary", Int(shape.vocabulary), facts.vocabulary)
    try compare("embedding", layout.form.embeddingWidth, facts.embeddingWidth)
    try compare("token_types", Int(shape.tokenTypes), facts.tokenTypes)
    try compare("positions", layout.positionRows, facts.positions)
    if facts.positions > 0 { try compare("the first position", layout.positionOffset, facts.positionOffset) }
    if !isApproximated { try compare("activation", "\(layout.activation)", "\(facts.activation)") }
    guard layout.layerNormEpsilon == facts.epsilon else {
      throw differs("layer_norm_epsilon", "\(layout.layerNormEpsilon)", "\(facts.epsilon)")
    }
    try compare(
      "model_type", layout.form.normalizesFirst ? "norms first" : "norms last",
      facts.normalizesFirst ? "norms first" : "norms last")
    try compare(
      "model_type", layout.form.isGated ? "gated blocks" : "plain blocks",
      facts.isGated ? "gated blocks" : "plain blocks")
    try compare(
      "model_type", layout.hasRelativeBias ? "a relative bias" : "no relative bias",
      facts.hasRelativeBias ? "a relative bias" : "no relative bias")
    try compareHead()
  }

  private func compareHead() throws(ImportError) {
    let head = layout.head
    switch choice.head {
    case .states:
      // What follows the states is in modules.json.
      guard [.embedding, .tokenVectors].contains(head.kind) else {
        throw differs("architectures", "a classifier", "no classifier")
      }
    case .pooled(let pooling, let normalized):
      guard head.kind == .embedding else { throw differs("architectures", "a classifier", "a pooled vector") }
      guard !head.followsModules else { throw differs("modules", "more than pooling", "a pooled vector") }
      try compare("pooling", "\(head.pooling)", "\(pooling)")
      guard head.normalized || !normalized else {
        throw differs("pooling", "no normalisation", "a normalised vector")
      }
    case .logits(let outputs, let ofTokens, _):
      guard head.kind != .embedding else { throw differs("architectures", "an encoder", "a classifier") }
      guard (head.pooling == .tokens) == ofTokens else {
        throw differs(
          "architectures", head.pooling == .tokens ? "a token classifier" : "a classifier of texts",
          ofTokens ? "a token classifier" : "a classifier of texts")
      }
      try compare("labels", head.outputWidth, outputs)
    }
  }

  private func compare<T: Equatable>(_ quantity: String, _ config: T, _ graph: T) throws(ImportError) {
    guard config == graph else { throw differs(quantity, "\(config)", "\(graph)") }
  }

  private func differs(_ quantity: String, _ config: String, _ graph: String) -> ImportError {
    .configDiffers(path: recognition.graph.path, key: layout.key(quantity), config: config, graph: graph)
  }
}
