public import TaperBase
public import TaperCalibration
internal import TaperCostModel
internal import TaperDeviceProfile
public import TaperModelSpec
internal import TaperPlanFormat
internal import TaperPlanRuntime
internal import TaperPlanner

/// The dense encoder run on the planning machine: the model is compiled into an instrumented dense plan and run by the
/// runtime itself, so that calibration and head fitting see exactly what a deployed plan computes.
///
/// The planner must not depend on the runtime, nor calibration on the planner, so the three are joined here.
public struct Workbench {
  let model: ModelSpec
  let maximumLength: Int
  let threads: Int
  private let pool = WeightPool()

  /// - Parameters:
  ///   - maximumLength: tokens, specials included; longer texts are cut.
  ///   - threads: workers to run with.
  public init(model: ModelSpec, maximumLength: Int, threads: Int) {
    self.model = model
    self.maximumLength = maximumLength
    self.threads = threads
  }

  /// Runs the dense model over the samples and collects token importance and reference outputs.
  public func calibrate(
    _ samples: [TokenizedSample], labels: [String], dataDigest: Digest, badRowCount: Int,
    progress: PlanExecution.Progress
  ) throws -> Calibration {
    let layers = Int(model.shape.layers)
    let heads = Int(model.shape.heads)
    let selectors = model.tuned?.selector?.layers ?? []
    let runs = selectors.isEmpty ? 1 : 2
    let kept = try keptTokens(samples, selectors: selectors) { progress($0, runs * $1) }
    let report: PlanExecution.Progress = { progress((runs - 1) * $1 + $0, runs * $1) }
    var builder = Calibration.Builder(layerCount: layers, selectorLayers: selectors)
    let indices = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1, $0) })
    let names = (1...layers).map { "importance.\($0)" }
    try execution(instrumentation: .importance).run(samples, slots: names, progress: report) {
      index, run, partialScores in
      let result = run.result
      let length = samples[index].ids.count
      let label = samples[index].label
      try builder.add(
        ids: samples[index].ids, typeIDs: samples[index].typeIDs,
        scores: partialScores.map { Self.tokenScores(partial: $0, heads: heads, length: length) },
        reference: reference(result),
        kept: kept.isEmpty ? [] : kept[index],
        label: label.flatMap { indices[$0.text] }, value: label?.number.map { Float($0) },
        truncated: samples[index].isCut)
    }
    return try builder.finish(
      modelDigest: model.modelDigest, dataDigest: dataDigest, tokenizerDigest: model.tokenizerDigest,
      labels: labels,
      badRowCount: badRowCount)
  }

  /// The pooled features [samples, hidden] a linear head reads, from the dense encoder.
  public func features(
    _ samples: [TokenizedSample], progress: PlanExecution.Progress
  ) throws -> [Float] {
    var features: [Float] = []
    try execution(instrumentation: .features).run(samples, slots: ["features"], progress: progress) {
      features += $2[0]
    }
    return features
  }

  /// Tokens kept by each selector, text by text, when all selectors act and no ceiling limits them: the input of later
  /// ones depends on the earlier ones. Empty without selectors.
  private func keptTokens(
    _ samples: [TokenizedSample], selectors: [Int], progress: PlanExecution.Progress
  ) throws -> [[Int]] {
    guard !selectors.isEmpty else { return [] }
    let whole = Schedule.dense(maximumLength: maximumLength, layerCount: Int(model.shape.layers))
    let request = PlanningRequest(
      .fixed(whole, selection: .dynamic), maximumLength: maximumLength, threads: threads)
    return try execution(request).runs(of: samples, progress: progress)
      .map { run in selectors.map { run.keptTokens[$0] } }
  }

  private func execution(instrumentation: Instrumentation) throws -> PlanExecution {
    try execution(
      PlanningRequest(
        .dense, maximumLength: maximumLength, threads: threads, instrumentation: instrumentation))
  }

  private func execution(_ request: PlanningRequest) throws -> PlanExecution {
    let planned = try Planner.plan(
      request, model: model, calibration: nil,
      cost: CostModel(profile: .assumed(threads: threads), threads: threads), pool: pool)
    return PlanExecution(try LoadedPlan(planned), threads: threads)
  }

  /// What a calibration keeps of a text's answer: of answers for every token their mean, and of a sparse vector its
  /// sum, for such answers are large and are computed again where a plan's are compared with them.
  private func reference(_ result: [Float]) -> [Float] {
    switch model.head.kind {
    case .tokenClassification, .tokenVectors: Self.mean(result, width: model.head.outputWidth)
    case .sparse: [result.reduce(0, +)]
    case .embedding, .classification, .multiLabel, .regression: result
    }
  }

  /// Mean scores over a text's tokens.
  private static func mean(_ scores: [Float], width: Int) -> [Float] {
    (0..<width).map { label in
      let column = stride(from: label, to: scores.count, by: width)
      return column.reduce(0) { $0 + scores[$1] } / Float(max(1, scores.count / width))
    }
  }

  /// S_l(j) = (1/H) Σ_h of the per-head column sums [heads, length].
  static func tokenScores(partial: [Float], heads: Int, length: Int) -> [Float] {
    (0..<length).map { token in
      var sum: Float = 0
      for head in 0..<heads { sum += partial[head * length + token] }
      return sum / Float(heads)
    }
  }
}

extension LoadedPlan {
  /// A planned model over its pool's memory.
  convenience init(_ planned: PlannedModel) throws {
    let packed = try planned.packed()
    try unsafe self.init(plan: packed.plan, weights: packed.weights, heldBy: packed.region)
  }
}
