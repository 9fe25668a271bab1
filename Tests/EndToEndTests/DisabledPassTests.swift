import TaperModelSpec
import TaperPlanFormat
import TaperPlanRuntime
import TaperPlanner
import TestSupport
import Testing

/// Every planner pass leaves the answers as they are: each method's plan runs with all passes and with one disabled.
///
/// Methods that drop tokens take a fixed schedule, because tile rounding changes the schedule and nothing else: what
/// remains of that pass must be without any effect on the answers.
@Suite struct DisabledPassTests {
  @Test(arguments: PassCase.all, Precision.allCases)
  func answersStayTheSame(subject: PassCase, precision: Precision) throws {
    let model = try RuntimePlannedTests.model(subject.model)
    let inputs = (1...20).map { RuntimePlannedTests.input(model, $0, seed: 7) }
    try subject.checkEveryPass(model, inputs, maximumLength: 20, precision: precision)
  }
}

/// A method and a model that it is planned for.
struct PassCase: Sendable, CustomTestStringConvertible {
  /// What the plan gives up: nothing, a layer, or the tokens that attention or the model's selectors drop.
  enum Reduction: Hashable, Sendable {
    case dense, depth, attention
    case selectors(TokenSelection)
  }

  var reduction: Reduction
  var halts = false
  var model: String
  var keepsTokens: Bool { reduction == .dense || reduction == .depth }
  var testDescription: String { "\(reduction)\(halts ? ", halting" : ""), \(model)" }

  static let all =
    [
      "tiny-bert-classifier", "tiny-mpnet", "tiny-electra", "tiny-albert", "tiny-modernbert", "tiny-gte",
      "tiny-deberta-v3",
    ]
    .flatMap { untrained($0) }
    + TokenSelection.allCases.flatMap {
      [
        PassCase(reduction: .selectors($0), model: "tuned-selector"),
        PassCase(reduction: .selectors($0), halts: true, model: "tuned-selector-halting"),
      ]
    } + [
      PassCase(reduction: .dense, halts: true, model: "tuned-halting"),
      PassCase(reduction: .attention, halts: true, model: "tuned-acc-halting"),
    ]

  /// The methods that any model can be planned for.
  static func untrained(_ model: String) -> [PassCase] {
    [.dense, .attention, .depth].map { PassCase(reduction: $0, model: model) }
  }

  /// What a run gives.
  struct Answer: Equatable {
    var result: [Float]
    var keptTokens: [Int]
    var depth: Int
  }

  /// Half of the tokens after the first layer that may drop some, a quarter after the second, then no fewer.
  private func schedule(_ model: ModelSpec, maximumLength: Int) -> Schedule {
    let layers = Int(model.shape.layers)
    let dropping =
      reduction == .attention ? Array(1...min(2, layers)) : model.tuned?.selector?.layers ?? []
    let counts = (1...maximumLength).flatMap { length in
      (0...layers).map { layer in
        UInt16((length + (1 << dropping.count { $0 <= layer }) - 1) >> dropping.count { $0 <= layer })
      }
    }
    return Schedule(
      maximumLength: maximumLength, layerCount: layers, keepCounts: counts, restoresDroppedTokens: true)
  }

  private func answers(
    _ model: ModelSpec, _ inputs: [(ids: [UInt32], typeIDs: [UInt32])], maximumLength: Int,
    precision: Precision, _ passes: PassSet
  ) throws -> [Answer] {
    let method: PlanningMethod =
      switch reduction {
      case .dense, .depth: .dense
      case .attention: .fixed(schedule(model, maximumLength: maximumLength))
      case .selectors(let selection):
        .fixed(schedule(model, maximumLength: maximumLength), selection: selection)
      }
    let request = PlanningRequest(
      method, halting: halts ? .tight : nil, depth: reduction == .depth ? Int(model.shape.layers) - 1 : nil,
      maximumLength: maximumLength, precision: PrecisionAssignment(precision), passes: passes)
    let planned = try RuntimeCosts.plan(request, model, costs: RuntimeCosts.packed)
    #expect(planned.plan.identity.passes == passes.names)
    var session = try Session(
      LoadedPlan(plan: planned.plan, weightBytes: planned.materializedWeights()), threads: 1)
    return try inputs.map { input in
      try session.run(ids: input.ids, typeIDs: input.typeIDs)
      return Answer(result: session.result, keptTokens: session.keptTokens, depth: session.depth)
    }
  }

  /// Passes that may change the last bits of an answer. Every other pass leaves all of them as they are.
  private static func roundingPasses(_ precision: Precision) -> Set<PlannerPass> {
    switch precision {
    // Another kernel adds up a product in another order.
    case .f32, .f32x3: [.kernelSelection]
    // Products round their operands, and these passes move the places where values are rounded: before or after an
    // activation, in attention's products or not at all, and at other column scales.
    case .bf16: [.kernelSelection, .fuseAttentionScores, .fuseBiasActivation]
    case .int8: [.kernelSelection, .fuseAttentionScores, .fuseBiasActivation, .smoothColumns]
    }
  }

  /// How far answers (logits, scores or unit vectors of order one) may then lie apart: bf16 keeps 8 bits, int8 about 7.
  private static func tolerance(_ precision: Precision) -> Float {
    switch precision {
    case .f32: 2e-5
    case .f32x3: 1e-4
    case .bf16: 0.02
    case .int8: 0.12
    }
  }

  /// Runs the inputs with all passes, then with each pass disabled in turn.
  func checkEveryPass(
    _ model: ModelSpec, _ inputs: [(ids: [UInt32], typeIDs: [UInt32])], maximumLength: Int,
    precision: Precision
  ) throws {
    let expected = try answers(model, inputs, maximumLength: maximumLength, precision: precision, .all)
    for pass in PlannerPass.allCases {
      let found = try answers(
        model, inputs, maximumLength: maximumLength, precision: precision, PassSet(disabling: [pass]))
      guard Self.roundingPasses(precision).contains(pass) else {
        #expect(found == expected, "\(pass.name)")
        continue
      }
      // Where rounding changes scores by a hundredth, another token or another layer may rightly be the last.
      if precision != .f32, !keepsTokens || halts { continue }
      for (found, expected) in zip(found, expected) {
        #expect(found.keptTokens == expected.keptTokens && found.depth == expected.depth, "\(pass.name)")
        let difference = zip(found.result, expected.result).map { abs($0 - $1) }.max() ?? .infinity
        #expect(difference < Self.tolerance(precision), "\(pass.name)")
      }
    }
  }
}
