import TaperPlanFormat

/// What a graph says of its encoder, besides the weights.
struct GraphFacts {
  var vocabulary = 0
  var embeddingWidth = 0
  var hidden = 0
  var layers = 0
  var heads = 0
  var feedForward = 0
  /// Rows of the position table; 0 where positions are not embedded.
  var positions = 0
  /// The row of the first token.
  var positionOffset = 0
  var tokenTypes = 0
  var activation = Activation.gelu
  var epsilon: Float = 0
  var isGated = false
  var normalizesFirst = false
  var hasRelativeBias = false
  var projectsEmbeddings = false
}

/// What an output of the graph is.
enum GraphHead {
  /// The last layer's states [tokens, hidden].
  case states
  /// One vector of them.
  case pooled(Pooling, normalized: Bool)
  /// A linear layer's results for the text or for each token, perhaps through softmax.
  case logits(outputs: Int, ofTokens: Bool, isActivated: Bool)
}
