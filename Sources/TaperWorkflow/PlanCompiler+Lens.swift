internal import TaperCalibration
internal import TaperCostModel
internal import TaperModelSpec
internal import TaperPlanFormat
internal import TaperPlanRuntime
internal import TaperPlanner

extension PlanCompiler {
  /// Whether a plan of this request can read dropped tokens through a lens: its answer comes from one mean over tokens,
  /// and its schedule says which layers drop some.
  func mayReadLens(_ request: PlanningRequest) -> Bool {
    model.head.pooling == .mean && request.halting == nil && request.depth != 0
      && request.method.selection != .dynamic
  }

  /// The request with its lens fitted; without one where it drops nothing.
  /// - Throws: `lensNeedsTexts`; the planner's, the runtime's and the fitting's errors.
  func fittingLens(_ request: PlanningRequest, progress: PlanExecution.Progress) throws -> PlanningRequest {
    guard request.lens != nil else { return request }
    var (request, reduced) = (request, request)
    (request.lens, reduced.lens) = (nil, Lens())
    let outline = try Planner.outline(reduced, model: model, calibration: calibration, cost: cost)
    let layers = (1..<outline.schedule.layerCount + 1).filter { outline.schedule.reduces(layer: $0) }
    guard !layers.isEmpty, outline.schedule.restoresDroppedTokens else { return request }
    let samples = fittingTexts.filter { $0.ids.count <= request.maximumLength }
    guard samples.count >= LensFit.fewestTexts else {
      throw WorkflowError.lensNeedsTexts(found: samples.count, least: LensFit.fewestTexts)
    }
    let total = (readOuts.isKnown(samples) ? 1 : 2) * samples.count
    let dense = try readOuts.vectors(of: samples) {
      try denseVectors($0, .readOut, slot: "readout") { done, _ in progress(done, total) }
    }

    reduced.instrumentation = .readOut
    let width = Int(model.shape.hidden)
    var fit = LensFit(layers: layers, width: width, residual: dense)
    let names = ["readout"] + layers.map { "layer.\($0).dropped" }
    let report: PlanExecution.Progress = { done, _ in progress(total - samples.count + done, total) }
    try PlanExecution(LoadedPlan(plan(reduced))).run(samples, slots: names, progress: report) {
      index, run, slots in
      // Without maps a dropped token counts as zero.
      for column in 0..<width { fit.residual[index * width + column] -= slots[0][column] }
      for (place, layer) in layers.enumerated() {
        let dropped = run.keptTokens[layer - 1] - run.keptTokens[layer]
        fit.shares[place].append(Float(dropped) / Float(run.keptTokens[0]))
        fit.means[place] += dropped > 0 ? slots[place + 1] : [Float](repeating: 0, count: width)
      }
    }
    request.lens = try fit.lens()
    return request
  }

  /// What the dense encoder leaves of every text in a slot that the instrumentation names, one text after the other.
  func denseVectors(
    _ samples: [TokenizedSample], _ instrumentation: Instrumentation, slot: String,
    progress: PlanExecution.Progress
  ) throws -> [Float] {
    let longest = samples.map(\.ids.count).max() ?? 1
    let request = PlanningRequest(
      .dense, maximumLength: longest, threads: cost.threads, instrumentation: instrumentation)
    var vectors: [Float] = []
    try PlanExecution(LoadedPlan(plan(request))).run(samples, slots: [slot], progress: progress) {
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

  func vectors(of samples: [TokenizedSample], _ run: ([TokenizedSample]) throws -> [Float]) rethrows
    -> [Float]
  {
    if texts != samples {
      found = try run(samples)
      texts = samples
    }
    return found
  }
}
