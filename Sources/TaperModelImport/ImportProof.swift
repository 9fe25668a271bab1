import TaperModelSpec
public import TaperPlanFormat

/// The proof of an import: the graph itself is evaluated on a few texts of token ids, and the model made of it must
/// answer the same. What recognition does not look at (another activation, an operation more, a position or a scale)
/// shows here.
public struct ImportProof {
  /// One input.
  public struct Text: TokenizedText {
    public var ids: [UInt32]
    public var typeIDs: [UInt32]
  }

  struct Result {
    var texts: Int
    var longest: Int
    var difference: Float
  }

  let recognition: EncoderRecognition
  let choice: HeadChoice
  let model: ModelSpec

  /// - Throws: `answersDiffer`.
  func run(_ answers: GraphImport.Answers) throws(ImportError) -> Result {
    let texts = texts()
    let path = recognition.graph.path
    var expected: [[Float]] = []
    for text in texts {
      let evaluation = try GraphEvaluation(
        recognition.graph, ids: text.ids.map { Int($0) }, types: text.typeIDs.map { Int($0) })
      expected.append(try evaluation.tensor(choice.value).floats)
    }
    var largest: Float = 0
    for (variant, read) in variants() {
      let found: [[Float]]
      do { found = try answers(variant, texts) } catch {
        throw .model(
          .value(
            path: path, key: "the model", expected: "one that can be planned and run", found: "\(error)"))
      }
      for (index, text) in texts.enumerated() {
        let difference = Self.difference(found[index], read(expected[index]))
        guard difference <= GraphImport.tolerance else {
          throw .answersDiffer(
            path: path, difference: difference, tolerance: GraphImport.tolerance, tokens: text.ids.count)
        }
        largest = max(largest, difference)
      }
    }
    return Result(texts: texts.count, longest: texts.map(\.ids.count).max() ?? 0, difference: largest)
  }

  /// The largest difference by the largest element; infinity where it is none.
  static func difference(_ a: [Float], _ b: [Float]) -> Float {
    guard a.count == b.count, a.allSatisfy(\.isFinite), b.allSatisfy(\.isFinite) else { return .infinity }
    let scale = b.reduce(Float.leastNormalMagnitude) { max($0, abs($1)) }
    return zip(a, b).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) } / scale
  }

  /// Multiply-adds of the longest text's products at most: some seconds.
  private static let longestWork = 12_000_000_000

  /// The most tokens, up to 512, that the work allows: a mask may begin to act at any distance.
  private var longest: Int {
    let facts = recognition.facts
    let weights =
      facts.layers * facts.hidden * (4 * facts.hidden + (facts.isGated ? 3 : 2) * facts.feedForward)
    let work = min(Self.longestWork, 1_000_000_000 + 256 * recognition.graph.constantBytes)
    return min(512, work / max(1, weights))
  }

  /// Two short lengths, the longest that is affordable, and where attention depends on distance one that reaches
  /// beyond; types of tokens in two runs.
  private func texts() -> [Text] {
    let facts = recognition.facts
    var lengths = [5, 19, max(20, longest)]
    let window = model.form.layers.compactMap(\.window).max()
    if let window { lengths.append(window + 3) }
    if let relative = model.relativeBias { lengths.append(relative.maximumDistance + 3) }
    let positions = facts.positions > 0 ? facts.positions - facts.positionOffset : Int.max
    let reach = min(positions, model.maximumLength)
    lengths = recognition.graph.fixedLength.map { [$0] } ?? lengths.map { min($0, reach) }
    let hasTypes = recognition.graph.inputs.contains { $0.input == .types } && facts.tokenTypes > 1
    // A generator of its own, so that the same file is always asked the same.
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % max(1, bound)
    }
    return lengths.enumerated().map { index, length in
      // Ids below 5 may stand for padding, which no input contains.
      let ids = (0..<length).map { _ in UInt32(min(5 + next(facts.vocabulary - 5), facts.vocabulary - 1)) }
      let types = (0..<length).map { UInt32(hasTypes && $0 >= length / 2 + index % 2 ? 1 : 0) }
      return Text(ids: ids, typeIDs: types)
    }
  }

  /// Models whose answers are compared, and how the graph's output becomes such an answer.
  private func variants() -> [(ModelSpec, ([Float]) -> [Float])] {
    var variant = model
    let hidden = recognition.facts.hidden
    switch choice.head {
    case .states:
      variant.head = HeadSpec(kind: .embedding, steps: [.pool(.cls, width: hidden)])
      var mean = variant
      mean.head = HeadSpec(kind: .embedding, steps: [.pool(.mean, width: hidden)])
      return [
        (variant, { Array($0.prefix(hidden)) }),
        (
          mean,
          { states in
            let tokens = max(1, states.count / hidden)
            return (0..<hidden).map { column in
              stride(from: column, to: states.count, by: hidden).reduce(0) { $0 + states[$1] } / Float(tokens)
            }
          }
        ),
      ]
    case .pooled(let pooling, let normalized):
      variant.head = HeadSpec(
        kind: .embedding,
        steps: [.pool(pooling, width: hidden)] + (normalized ? [.normalize(width: hidden)] : []))
      return [(variant, { $0 })]
    case .logits(let outputs, let ofTokens, let isActivated):
      if ofTokens { return [(variant, { isActivated ? $0 : Self.softmax($0, width: outputs) })] }
      if isActivated { return [(variant, { $0 })] }
      // The linear layer's own numbers: scores near 0 and 1 would hide differences.
      variant.head.kind = .regression
      variant.head.hasSigmoid = false
      variant.head.labels = []
      return [(variant, { $0 })]
    }
  }

  private static func softmax(_ logits: [Float], width: Int) -> [Float] {
    let tensor = GraphTensor([logits.count / max(1, width), width], floats: logits)
    var budget = EvaluationBudget(constantBytes: 0)
    return (try? Products.softmax(tensor, axis: -1, flattens: false, &budget))?.floats ?? []
  }
}
