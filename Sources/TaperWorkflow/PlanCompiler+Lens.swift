internal import TaperCalibration
internal import TaperCostModel
internal import TaperHeadFitting
internal import TaperModelSpec
internal import TaperPlanFormat
internal import TaperPlanRuntime
internal import TaperPlanner

/// The lens (ours): an affine map from the mean of the tokens that a layer drops to what the dense encoder's pooled
/// vector lacks without them.
///
/// With n tokens of which layer 1 drops m, k the sum of the kept tokens' last states and x the dropped tokens' mean, the
/// reduced encoder pools (k + m·(A·x + b)) / n. A and b minimise the squared distance to the dense encoder's mean d over
/// the fitting texts: ridge regression from x to (n·d − k) / m, each text weighing (m / n)². Where several layers drop
/// tokens, their maps are fitted one after the other to what is left, and once more (backfitting).
extension PlanCompiler {
  /// Rounds over the layers.
  private static let lensRounds = 2

  /// Whether a plan of this request can read dropped tokens through a lens: its answer comes from one mean over tokens,
  /// and its schedule says which layers drop some.
  func mayReadLens(_ request: PlanningRequest) -> Bool {
    model.head.pooling == .mean && request.halting == nil && request.depth != 0
      && request.method.selection != .dynamic
  }

  /// The request with its lens fitted; without one where it drops nothing.
  /// - Throws: `fittingNeedsTexts`; the planner's, the runtime's and the fitting's errors.
  func fittingLens(_ request: PlanningRequest, progress: PlanExecution.Progress) throws -> PlanningRequest {
    guard request.lens != nil else { return request }
    var (request, reduced) = (request, request)
    (request.lens, reduced.lens) = (nil, Lens())
    let outline = try Planner.outline(reduced, model: model, calibration: calibration, cost: cost)
    let layers = (1..<outline.schedule.layerCount + 1).filter { outline.schedule.reduces(layer: $0) }
    guard !layers.isEmpty, outline.schedule.restoresDroppedTokens else { return request }
    let samples = fittingTexts.filter { $0.ids.count <= request.maximumLength }
    guard samples.count >= Self.fewestFittingTexts else {
      throw WorkflowError.fittingNeedsTexts(found: samples.count, least: Self.fewestFittingTexts)
    }
    let total = (readOuts.isKnown(samples) ? 1 : 2) * samples.count
    let dense = try readOuts.vectors(of: samples) { try denseReadOuts($0) { done, _ in progress(done, total) } }

    reduced.instrumentation = .readOut
    let width = Int(model.shape.hidden)
    var residual = dense
    var means = [[Float]](repeating: [], count: layers.count)
    var shares = [[Float]](repeating: [], count: layers.count)
    let names = ["readout"] + layers.map { "layer.\($0).dropped" }
    try PlanExecution(LoadedPlan(plan(reduced))).run(
      samples, slots: names, progress: { done, _ in progress(total - samples.count + done, total) }
    ) { index, run, slots in
      // Without maps a dropped token counts as zero.
      for column in 0..<width { residual[index * width + column] -= slots[0][column] }
      for (place, layer) in layers.enumerated() {
        let dropped = run.keptTokens[layer - 1] - run.keptTokens[layer]
        shares[place].append(Float(dropped) / Float(run.keptTokens[0]))
        means[place] += dropped > 0 ? slots[place + 1] : [Float](repeating: 0, count: width)
      }
    }
    request.lens = try Self.lens(
      residual: residual, means: means, shares: shares, width: width, layers: layers)
    return request
  }

  private static func lens(
    residual: [Float], means: [[Float]], shares: [[Float]], width: Int, layers: [Int]
  ) throws -> Lens {
    var residual = residual
    var lens = Lens()
    for round in 0..<(layers.count == 1 ? 1 : lensRounds) {
      for (place, layer) in layers.enumerated() {
        let texts = shares[place].indices.filter { shares[place][$0] > 0 }
        guard texts.count >= fewestFittingTexts else {
          throw WorkflowError.fittingNeedsTexts(found: texts.count, least: fewestFittingTexts)
        }
        if round > 0, let map = lens.maps[layer] {
          add(map, means[place], shares[place], texts, times: 1, to: &residual, width: width)
        }
        var (inputs, targets): ([Float], [Float]) = ([], [])
        for text in texts {
          let columns = text * width..<(text + 1) * width
          inputs += means[place][columns]
          targets += residual[columns].map { $0 / shares[place][text] }
        }
        let fitted = try Ridge.fit(
          features: inputs, count: texts.count, width: width, targets: targets, outputs: width,
          weights: texts.map { shares[place][$0] * shares[place][$0] })
        let map = Lens.Map(weight: fitted.weight, bias: fitted.bias)
        lens.maps[layer] = map
        add(map, means[place], shares[place], texts, times: -1, to: &residual, width: width)
      }
    }
    return lens
  }

  /// residual += factor · share · (A · mean + b) for those texts.
  private static func add(
    _ map: Lens.Map, _ means: [Float], _ shares: [Float], _ texts: [Int], times factor: Float,
    to residual: inout [Float], width: Int
  ) {
    for text in texts {
      for output in 0..<width {
        var sum = map.bias[output]
        for column in 0..<width { sum += map.weight[output * width + column] * means[text * width + column] }
        residual[text * width + output] += factor * shares[text] * sum
      }
    }
  }

  /// What the dense encoder pools of every text, [texts, hidden].
  private func denseReadOuts(
    _ samples: [TokenizedSample], progress: PlanExecution.Progress
  ) throws -> [Float] {
    let longest = samples.map(\.ids.count).max() ?? 1
    let request = PlanningRequest(
      .dense, maximumLength: longest, threads: cost.threads, instrumentation: .readOut)
    var vectors: [Float] = []
    try PlanExecution(LoadedPlan(plan(request))).run(samples, slots: ["readout"], progress: progress) {
      vectors += $2[0]
    }
    return vectors
  }
}

/// The dense encoder's vectors of the texts that lenses are fitted to, computed once.
final class DenseReadOuts {
  private var texts: [TokenizedSample] = []
  private var found: [Float] = []

  func isKnown(_ samples: [TokenizedSample]) -> Bool { texts == samples }

  func vectors(of samples: [TokenizedSample], _ run: ([TokenizedSample]) throws -> [Float]) rethrows -> [Float] {
    if texts != samples {
      found = try run(samples)
      texts = samples
    }
    return found
  }
}
