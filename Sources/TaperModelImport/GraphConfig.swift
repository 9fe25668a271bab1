import TaperJSON
import TaperPlanFormat

/// config.json of a BERT graph that has none beside it: everything follows from the graph.
struct GraphConfig {
  let facts: GraphFacts
  /// Of a classifier.
  let head: GraphHead

  /// nil where the graph is of another family, or could be: those need their own.
  func json() -> JSONValue? {
    // One type is RoBERTa's, none DistilBERT's.
    guard facts.positions > 0, facts.positionOffset == 0, facts.tokenTypes > 1, !facts.normalizesFirst,
      !facts.isGated,
      !facts.hasRelativeBias, !facts.projectsEmbeddings
    else { return nil }
    guard let activation = Self.name(facts.activation) else { return nil }
    var object = JSONObject([
      ("model_type", "bert"), ("vocab_size", JSONValue(facts.vocabulary)),
      ("hidden_size", JSONValue(facts.hidden)),
      ("num_hidden_layers", JSONValue(facts.layers)), ("num_attention_heads", JSONValue(facts.heads)),
      ("intermediate_size", JSONValue(facts.feedForward)),
      ("max_position_embeddings", JSONValue(facts.positions)),
      ("type_vocab_size", JSONValue(facts.tokenTypes)), ("hidden_act", .string(activation)),
      // The shortest decimal of the Float: 1e-12, not 9.999999960041972e-13.
      ("layer_norm_eps", .number(Double("\(facts.epsilon)") ?? 0)),
    ])
    if case .logits(let outputs, let ofTokens, _) = head {
      object["architectures"] = [
        .string(ofTokens ? "BertForTokenClassification" : "BertForSequenceClassification")
      ]
      object["id2label"] = .object(
        JSONObject((0..<outputs).map { ("\($0)", JSONValue.string("LABEL_\($0)")) }))
    } else {
      object["architectures"] = ["BertModel"]
    }
    return .object(object)
  }

  private static func name(_ activation: Activation) -> String? {
    switch activation {
    case .gelu: "gelu"
    case .geluTanh: "gelu_pytorch_tanh"
    case .relu: "relu"
    case .silu: "silu"
    case .tanh: "tanh"
    default: nil
    }
  }
}
