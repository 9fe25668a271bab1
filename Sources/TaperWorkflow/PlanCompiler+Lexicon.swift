internal import Glibc
internal import TaperCalibration
internal import TaperHeadFitting
internal import TaperModelSpec
internal import TaperPlanFormat
internal import TaperPlanner

extension PlanCompiler {
  /// The scores of the model's words: those that it was trained with, or else fitted ones.
  /// - Throws: `wordsNeedTexts`; the planner's, the runtime's and the fitting's errors.
  func lexicon(for request: PlanningRequest, progress: PlanExecution.Progress) throws -> Lexicon {
    if let trained = model.tuned?.lexical {
      return Lexicon(scores: try model.tensor(.wordScores), penalties: trained.penalties)
    }
    let fit = LexiconFit(model)
    let samples = SeededSubset.elements(
      of: fittingTexts.filter { $0.ids.count <= request.maximumLength }, limit: LexiconFit.mostTexts, seed: 1)
    let deals = fit.deals(of: samples)
    guard samples.count >= LensFit.fewestTexts, !deals.isEmpty else {
      throw WorkflowError.wordsNeedTexts(found: samples.count, least: LensFit.fewestTexts)
    }
    let hands = deals.flatMap { deal in deal.hands.map { fit.sample($0, of: samples[deal.text]) } }
    let losses = try losses(of: hands, deals.flatMap { [$0.text, $0.text] }, samples, progress: progress)

    let width = model.form.embeddingWidth
    let rows = try rows(of: Set(samples.flatMap(\.ids)), width: width)
    var features: [Float] = []
    var targets: [Float] = []
    for (number, deal) in deals.enumerated() {
      let ids = samples[deal.text].ids
      var feature = [Float](repeating: 0, count: width)
      for (hand, sign) in zip(deal.hands, [Float(1), -1]) {
        for token in hand {
          guard let row = rows[ids[token]] else { continue }
          for column in 0..<width { feature[column] += sign * row[column] }
        }
      }
      features += feature.map { $0 / Float(ids.count) }
      // The hand that loses less has the words of more value.
      targets.append(losses[2 * number + 1] - losses[2 * number])
    }
    let value = try Ridge.fit(features: features, count: deals.count, width: width, targets: targets)
    return try lexicon(of: value.weight, rows, samples, fit.special)
  }

  /// Scores of all words from the weight of their rows' columns.
  private func lexicon(
    of weight: [Float], _ rows: [UInt32: [Float]], _ samples: [TokenizedSample], _ special: Set<UInt32>
  ) throws -> Lexicon {
    func value(_ row: ArraySlice<Float>) -> Float { zip(row, weight).reduce(0) { $0 + $1.0 * $1.1 } }
    var (sum, squares, count) = (0.0, 0.0, 0.0)
    for id in samples.lazy.flatMap(\.ids) where !special.contains(id) {
      let value = Double(rows[id].map { value($0[...]) } ?? 0)
      sum += value
      squares += value * value
      count += 1
    }
    let mean = sum / count
    let deviation = max(1e-12, squares / count - mean * mean).squareRoot()
    var scores: [Float] = []
    let (width, vocabulary) = (weight.count, Int(model.shape.vocabulary))
    for first in stride(from: 0, to: vocabulary, by: 4_096) {
      let table = try model.tensor(
        .wordEmbedding, in: first * width..<min(first + 4_096, vocabulary) * width)
      for start in stride(from: 0, to: table.count, by: width) {
        let value = value(table[start..<start + width])
        scores.append(LexiconFit.deviation * Float((Double(value) - mean) / deviation))
      }
    }
    for id in special where Int(id) < vocabulary { scores[Int(id)] = LexiconFit.specialScore }
    return Lexicon(scores: scores, penalties: LexiconFit.penalties)
  }

  /// Rows of the checkpoint's word table.
  private func rows(of ids: Set<UInt32>, width: Int) throws -> [UInt32: [Float]] {
    try ids.reduce(into: [:]) {
      $0[$1] = try model.tensor(.wordEmbedding, in: Int($1) * width..<(Int($1) + 1) * width)
    }
  }

  /// What each part loses against the whole text of that number.
  private func losses(
    of parts: [TokenizedSample], _ wholes: [Int], _ samples: [TokenizedSample],
    progress: PlanExecution.Progress
  ) throws -> [Float] {
    let vectors = try denseVectors(samples + parts, .features, slot: "features", progress: progress)
    let (width, count) = (vectors.count / (samples.count + parts.count), samples.count)
    let whole = Array(vectors[..<(count * width)])
    let part = Array(vectors[(count * width)...])
    guard samples.allSatisfy({ $0.label != nil }) else {
      return Self.distances(part, to: whole, wholes, width: width)
    }
    let targets = try HeadTargets(of: samples, like: model.head.textLabels)
    let head = try targets.fit(features: whole, width: width)
    switch targets {
    case .classes(let classes, _):
      let shares = head.probabilities(features: part, count: parts.count)
      return wholes.indices.map { -log(max(1e-9, shares[$0 * head.outputs + classes[wholes[$0]]])) }
    case .numbers(let numbers):
      let found = head.outputs(features: part, count: parts.count)
      return wholes.indices.map { (found[$0] - numbers[wholes[$0]]) * (found[$0] - numbers[wholes[$0]]) }
    }
  }

  /// One less the cosine of each part with its whole, both less the wholes' mean.
  private static func distances(_ parts: [Float], to wholes: [Float], _ numbers: [Int], width: Int) -> [Float]
  {
    let count = Float(wholes.count / width)
    var mean = [Float](repeating: 0, count: width)
    for element in wholes.indices { mean[element % width] += wholes[element] / count }
    return numbers.enumerated().map { part, whole in
      var (product, first, second): (Float, Float, Float) = (0, 0, 0)
      for column in 0..<width {
        let a = parts[part * width + column] - mean[column]
        let b = wholes[whole * width + column] - mean[column]
        product += a * b
        first += a * a
        second += b * b
      }
      return 1 - product / max(1e-12, (first * second).squareRoot())
    }
  }
}

extension ModelSpec {
  /// Whether it makes one vector of a text, rather than an answer a token or a sparse vector.
  var makesOneVector: Bool { head.pooling != .tokens && head.kind != .sparse }
}
