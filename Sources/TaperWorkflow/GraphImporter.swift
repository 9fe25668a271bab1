internal import TaperCostModel
internal import TaperDeviceProfile
public import TaperModelImport
internal import TaperModelSpec
public import TaperPlanFormat
internal import TaperPlanRuntime
internal import TaperPlanner

/// Imports a graph, and has the model that comes of it planned and run to be compared with the graph.
public enum GraphImporter {
  /// - Parameters: as those of `GraphImport.run`.
  public static func run(
    _ path: String, pooling: Pooling? = nil, normalized: Bool = false, to destination: String
  ) throws(ImportError) -> GraphImport.Summary {
    try GraphImport.run(path, pooling: pooling, normalized: normalized, to: destination, answers: answers)
  }

  /// What the dense model answers, in f32.
  static func answers(_ model: ModelSpec, _ texts: [ImportProof.Text]) throws -> [[Float]] {
    let longest = max(4, texts.map(\.ids.count).max() ?? 0)
    let request = PlanningRequest(.dense, maximumLength: longest, threads: 1)
    let planned = try Planner.plan(
      request, model: model, calibration: nil, cost: CostModel(profile: .assumed(threads: 1), threads: 1),
      pool: WeightPool())
    return try PlanExecution(LoadedPlan(planned), threads: 1).results(of: texts)
  }
}
