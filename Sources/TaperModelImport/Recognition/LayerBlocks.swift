/// The blocks of one layer, found from its softmax.
struct LayerBlocks {
  let softmax: Int
  let query: Int
  let key: Int
  let value: Int
  /// The operands of the products that queries, keys and values become.
  let queryTarget: Int
  let keyTarget: Int
  let valueTarget: Int
  let attentionOutput: Int
  /// The norm after the sum of attention's output and what the layer reads.
  let attentionNorm: Int
  let intermediate: [Int]
  let output: Int
  /// The norm after the sum of the feed-forward block's output: where norms come first, the next layer's.
  let outputNorm: Int
  /// What queries, keys and values read.
  let input: Int

  /// The norm that they read, where it is one.
  let inputNorm: Int?

  init(_ recognition: EncoderRecognition, softmax: Int, layer: Int) throws(ImportError) {
    let all = recognition.blocks.blocks
    let blocks = recognition.blocks
    let part = "layer \(layer), attention"
    func linear(_ sources: [Int], _ name: String) throws(ImportError) -> Int {
      guard sources.count == 1, recognition.isLinear(sources[0]) else {
        throw recognition.fail(part, "\(name) of one linear layer", blocks.describe(sources))
      }
      return sources[0]
    }
    func operands(_ block: Int) -> (Int, Int) {
      let inputs = blocks.graph.nodes[all[block].place].inputs
      return (inputs[0] ?? 0, inputs[1] ?? 0)
    }
    self.softmax = softmax
    let scores = all[softmax].sources
    guard scores.count == 1, case .product(let one, let other) = all[scores[0]].kind else {
      throw recognition.fail(part, "scores of one product of queries and keys", blocks.describe(scores))
    }
    query = try linear(one, "queries")
    key = try linear(other, "keys")
    (queryTarget, keyTarget) = operands(scores[0])

    let context = all.indices.dropFirst(softmax + 1).first { index in
      if case .product(let one, let other) = all[index].kind {
        one == [softmax] || other == [softmax]
      } else {
        false
      }
    }
    guard let context, case .product(let left, let right) = all[context].kind else {
      throw recognition.fail(part, "a product of the softmax and values", "none")
    }
    value = try linear(left == [softmax] ? right : left, "values")
    valueTarget = left == [softmax] ? operands(context).1 : operands(context).0
    let inputs = [query, key, value].map { all[$0].sources }
    guard let first = inputs[0].first, inputs.allSatisfy({ $0 == [first] }) else {
      throw recognition.fail(
        part, "queries, keys and values of the same states",
        inputs.map { blocks.describe($0) }.joined(separator: "; "))
    }
    input = first
    inputNorm = recognition.isNorm(first) ? first : nil

    func after(_ start: Int, _ name: String, _ isIt: (Int) -> Bool) throws(ImportError) -> Int {
      guard let found = all.indices.dropFirst(start + 1).first(where: isIt) else {
        throw recognition.fail("layer \(layer)", name, "none")
      }
      return found
    }
    let output = try after(context, "a linear layer after attention") {
      recognition.isLinear($0) && all[$0].sources == [context]
    }
    attentionOutput = output
    let norm = try after(output, "a norm after attention") {
      recognition.isNorm($0) && all[$0].sources.contains(output)
    }
    attentionNorm = norm
    let inner = all.indices.dropFirst(norm + 1).filter {
      recognition.isLinear($0) && all[$0].sources == [norm]
    }
    guard !inner.isEmpty else { throw recognition.fail("layer \(layer)", "a feed-forward block", "none") }
    intermediate = inner
    let last = try after(norm, "the feed-forward block's second product") {
      recognition.isLinear($0) && all[$0].sources == inner
    }
    self.output = last
    outputNorm = try after(last, "a norm after the feed-forward block") {
      recognition.isNorm($0) && all[$0].sources.contains(last)
    }
  }
}
