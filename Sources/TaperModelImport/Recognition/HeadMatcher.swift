import TaperPlanFormat

/// Tells what an output of the graph is, from what feeds it and from its numbers.
struct HeadMatcher {
  /// A classifier's last layer, with the dense layer before it and that one's norm.
  struct Linear {
    var block: Int
    var pooler: Int?
    var norm: Int?
  }

  let recognition: EncoderRecognition
  /// The last layer's, [tokens, hidden].
  let states: [Float]

  /// nil: none that Taper gives.
  func head(_ output: Int) throws(ImportError) -> (GraphHead, Linear?)? {
    let blocks = recognition.blocks
    let tensor = try recognition.evaluation.tensor(output)
    guard tensor.isFloat else { return nil }
    var sources = blocks.sources(of: output)
    guard sources.count == 1 else { return nil }
    if sources == [recognition.lastNorm] {
      if isClose(tensor.floats, states) { return (.states, nil) }
      return pooled(tensor.floats).map { (.pooled($0, normalized: $1), nil) }
    }
    var isActivated = false
    if case .softmax = blocks.blocks[sources[0]].kind {
      isActivated = true
      sources = blocks.blocks[sources[0]].sources
    }
    guard sources.count == 1, recognition.isLinear(sources[0]) else { return nil }
    var linear = Linear(block: sources[0])
    var before = blocks.blocks[sources[0]].sources
    guard before.count == 1 else { return nil }
    if before != [recognition.lastNorm], recognition.isNorm(before[0]) {
      linear.norm = before[0]
      before = blocks.blocks[before[0]].sources
    }
    if before.count == 1, recognition.isLinear(before[0]) {
      linear.pooler = before[0]
      before = blocks.blocks[before[0]].sources
    }
    guard before == [recognition.lastNorm] else { return nil }
    let (outputs, tokens) = (try recognition.size(linear.block).columns, recognition.evaluation.ids.count)
    guard tensor.count == outputs || tensor.count == outputs * tokens else { return nil }
    return (.logits(outputs: outputs, ofTokens: tensor.count != outputs, isActivated: isActivated), linear)
  }

  private func pooled(_ vector: [Float]) -> (Pooling, Bool)? {
    let hidden = recognition.facts.hidden
    let tokens = states.count / hidden
    guard vector.count == hidden else { return nil }
    let first = Array(states[..<hidden])
    let mean = (0..<hidden).map { column in
      (0..<tokens).reduce(Float(0)) { $0 + states[$1 * hidden + column] } / Float(tokens)
    }
    for (pooling, candidate) in [(Pooling.mean, mean), (.cls, first)] {
      if isClose(vector, candidate) { return (pooling, false) }
      let norm = max(candidate.reduce(0) { $0 + $1 * $1 }.squareRoot(), 1e-12)
      if isClose(vector, candidate.map { $0 / norm }) { return (pooling, true) }
    }
    return nil
  }

  private func isClose(_ a: [Float], _ b: [Float]) -> Bool {
    guard a.count == b.count else { return false }
    let scale = b.reduce(Float(1e-6)) { max($0, abs($1)) }
    return zip(a, b).allSatisfy { abs($0 - $1) <= 1e-4 * scale }
  }
}
