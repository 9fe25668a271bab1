import TaperJSON

/// config.json of a BERT graph that has none beside it: everything follows from shapes and constants.
struct GraphConfig {
  let weights: GraphWeights

  func json() throws(ImportError) -> JSONValue {
    let prefix = weights.tensors["bert.embeddings.LayerNorm.bias"] == nil ? "" : "bert."
    let words = try shape(prefix + "embeddings.word_embeddings.weight")
    let types = try shape(prefix + "embeddings.token_type_embeddings.weight")
    // One type is RoBERTa's, whose positions begin elsewhere.
    guard types[0] > 1 else { throw unknown("its family (model_type)") }
    let hidden = words[1]
    var layers = 0
    while weights.tensors["\(prefix)encoder.layer.\(layers).attention.self.query.bias"] != nil { layers += 1 }
    guard layers > 0 else { throw unknown("its family (model_type)") }
    var object = JSONObject([
      ("model_type", "bert"), ("vocab_size", JSONValue(words[0])), ("hidden_size", JSONValue(hidden)),
      ("num_hidden_layers", JSONValue(layers)), ("num_attention_heads", JSONValue(try heads(prefix, hidden))),
      ("intermediate_size", JSONValue(try shape("\(prefix)encoder.layer.0.intermediate.dense.bias")[0])),
      ("max_position_embeddings", JSONValue(try shape(prefix + "embeddings.position_embeddings.weight")[0])),
      ("type_vocab_size", JSONValue(types[0])), ("hidden_act", .string(try activation())),
      ("layer_norm_eps", .number(try epsilon())),
    ])
    if let outputs = weights.tensors["classifier.bias"]?.shape.first {
      object["architectures"] = ["BertForSequenceClassification"]
      let labels = (0..<outputs).map { ("\($0)", JSONValue.string("LABEL_\($0)")) }
      object["id2label"] = .object(JSONObject(labels))
    } else {
      object["architectures"] = ["BertModel"]
    }
    return .object(object)
  }

  private func unknown(_ fact: String) -> ImportError { .unknownFact(path: weights.graph.path, fact: fact) }

  private func shape(_ name: String) throws(ImportError) -> [Int] {
    guard let shape = weights.tensors[name]?.shape, !shape.isEmpty else {
      throw .missingTensor(path: weights.graph.path, tensor: name)
    }
    return shape
  }

  /// The keys are reshaped to [batch, tokens, heads, width], the last two of them constants.
  private func heads(_ prefix: String, _ hidden: Int) throws(ImportError) -> Int {
    let graph = weights.graph
    let keys = graph.nodes.first { node in
      node.kind == "Add" && node.inputs.contains { $0.hasSuffix("encoder.layer.0.attention.self.key.bias") }
    }
    guard let output = keys?.outputs.first,
      let reshape = graph.nodes.first(where: { $0.kind == "Reshape" && $0.inputs.first == output }),
      reshape.inputs.count == 2
    else { throw unknown("its number of heads") }
    var sizes: [Int] = []
    let parts =
      graph.tensors[reshape.inputs[1]] == nil
      ? graph.producer(of: reshape.inputs[1])?.inputs ?? [] : [reshape.inputs[1]]
    for part in parts {
      if let tensor = graph.tensors[part], (tensor.count ?? 0) <= 8 {
        sizes += try tensor.floats().map { Int($0) }
      }
    }
    // Newer exporters leave the number of heads open (-1).
    guard sizes.count >= 2, let width = sizes.last, width > 0, hidden % width == 0,
      sizes[sizes.count - 2] == -1 || sizes[sizes.count - 2] == hidden / width
    else { throw unknown("its number of heads") }
    return hidden / width
  }

  private func activation() throws(ImportError) -> String {
    let kinds = Set(weights.graph.nodes.map(\.kind))
    if kinds.contains("Erf") || kinds.contains("Gelu") { return "gelu" }
    if kinds.contains("Relu") { return "relu" }
    throw unknown("its activation (hidden_act)")
  }

  private func epsilon() throws(ImportError) -> Double {
    let graph = weights.graph
    if let norm = graph.nodes.first(where: { $0.kind == "LayerNormalization" }) {
      return Double(norm.floats["epsilon"] ?? 1e-5)
    }
    for node in graph.nodes where node.kind == "Sqrt" {
      guard let sum = node.inputs.first.flatMap(graph.producer), sum.kind == "Add",
        let constant = sum.inputs.lazy.compactMap({ graph.tensors[$0] }).first, constant.count == 1
      else { continue }
      // The shortest decimal of the Float: 1e-12, not 9.999999960041972e-13.
      return Double("\(try constant.floats()[0])") ?? 0
    }
    throw unknown("its layer norm's epsilon")
  }
}
