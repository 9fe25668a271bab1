import TaperModelSpec
import TaperPlanFormat
import TaperPlanRuntime
import TaperPlanner
import TestSupport
import Testing

/// Plans of every family, run, against what transformers computed for the same ids.
@Suite struct FamilyPlanTests {
  static let models = RuntimePlannedTests.models + ["tiny-albert-groups"]

  private static func session(
    _ model: ModelSpec, _ precision: Precision, _ passes: PassSet, _ costs: OpCosts,
    _ instrumentation: Instrumentation = []
  ) throws -> Session {
    let request = PlanningRequest(
      .dense, maximumLength: 20, precision: PrecisionAssignment(precision), passes: passes,
      instrumentation: instrumentation)
    let planned = try RuntimeCosts.plan(request, model, costs: costs)
    return try Session(LoadedPlan(plan: planned.plan, weightBytes: planned.materializedWeights()), threads: 1)
  }

  /// The states that leave the embeddings and every layer, and the answer, within 1e-4 in f32.
  @Test(arguments: models, [false, true])
  func agreesWithTransformers(name: String, isPacked: Bool) throws {
    let model = try RuntimePlannedTests.model(name)
    let expected = try SafetensorsFile(path: model.directory + "/expected.safetensors")
    var (ofStates, ofAnswers): (Float, Float) = (0, 0)
    for passes in [PassSet.all, .none] {
      var session = try Self.session(
        model, .f32, passes, isPacked ? RuntimeCosts.packed : RuntimeCosts.mixed, .hiddenStates)
      for input in 0..<4 {
        let ids = try expected.floats("\(input).ids").map { UInt32($0) }
        try session.run(ids: ids, typeIDs: try expected.floats("\(input).types").map { UInt32($0) })
        let hidden = try expected.floats("\(input).hidden")
        let width = ids.count * Int(model.shape.hidden)
        for layer in 0...Int(model.shape.layers) {
          let slot = session.contents(ofSlotNamed: "hidden.\(layer)")
          let found = try #require(slot)
          let error = Self.difference(found, Array(hidden[layer * width..<(layer + 1) * width]))
          #expect(error < 1e-4, "input \(input), layer \(layer)")
          ofStates = max(ofStates, error)
        }
        let answer = Self.answer(try expected.floats("\(input).logits"), model)
        let result = session.result
        let error = Self.difference(result, answer)
        #expect(error < 1e-4, "input \(input)")
        ofAnswers = max(ofAnswers, error)
      }
    }
    print("\(name), f32\(isPacked ? ", packed" : ""): states within \(ofStates), answers within \(ofAnswers)")
  }

  /// Of two layers; with more of these random ones errors grow beyond telling. Tolerances as in `PackedPlanTests`.
  @Test(
    arguments: RuntimePlannedTests.models, [(Precision.f32x3, Float(3e-4)), (.bf16, 0.03), (.int8, 0.15)])
  func lowPrecisionIsNear(name: String, precision: (Precision, Float)) throws {
    let model = try RuntimePlannedTests.model(name)
    let expected = try SafetensorsFile(path: model.directory + "/expected.safetensors")
    var session = try Self.session(model, precision.0, .all, RuntimeCosts.packed)
    var largest: Float = 0
    for input in 0..<4 {
      try session.run(
        ids: try expected.floats("\(input).ids").map { UInt32($0) },
        typeIDs: try expected.floats("\(input).types").map { UInt32($0) })
      let answer = Self.answer(try expected.floats("\(input).logits"), model)
      let result = session.result
      largest = max(largest, Self.difference(result, answer))
    }
    // The product by the vocabulary rounds too; a sum adds the errors of all tokens.
    let factor: Float = model.head.kind == .sparse ? model.head.pooling == .sum ? 24 : 4 : 1
    #expect(largest < factor * precision.1)
    print("\(name), \(precision.0): answers within \(largest)")
  }

  /// Layers that share their weights have them in the plan once.
  @Test func sharedLayersAreStoredOnce() throws {
    func count(_ name: String) throws -> Int {
      let planned = try RuntimeCosts.plan(
        PlanningRequest(.dense, maximumLength: 20), RuntimePlannedTests.model(name))
      let names = planned.plan.weights.entries.map(\.name)
      #expect(Set(names).count == names.count)
      return names.count { $0.hasSuffix("intermediate.weight") }
    }
    #expect(try count("tiny-albert") == 1)
    #expect(try count("tiny-albert-groups") == 4)
    #expect(try count("tiny-electra") == 2)
  }

  /// A plan's answer from the reference's logits, all of them rows of `labels` where the head classifies.
  private static func answer(_ logits: [Float], _ model: ModelSpec) -> [Float] {
    let head = model.head
    guard [.classification, .tokenClassification].contains(head.kind) else { return logits }
    return stride(from: 0, to: logits.count, by: head.outputWidth).flatMap { first in
      NaiveMath.softmax(logits[first..<first + head.outputWidth].map(Double.init)).map { Float($0) }
    }
  }

  private static func difference(_ a: [Float], _ b: [Float]) -> Float {
    guard a.count == b.count else { return .infinity }
    return zip(a, b).map { abs($0 - $1) }.max() ?? 0
  }
}
