import TaperBase
import TaperModelSpec
import TaperPlanFormat
import TaperPlanner
import Testing

/// Weights of real (tiny) checkpoints, streamed and all at once.
@Suite struct WeightStreamTests {
  private func planned(_ name: String, head: HeadOverride? = nil) throws -> (
    model: ModelSpec, plan: PlannedModel
  ) {
    let model = try ModelSpec.load(directory: FixtureModels.path(name))
    var request = PlanningRequest(maximumLength: 12)
    request.headOverride = head
    let inputs = PlanningInputs(facts: EncoderFacts(model), profile: nil, costs: SyntheticCosts.make())
    return (model, try Planner.plan(request, model: model, inputs: inputs).digested())
  }

  private func floats(_ name: String, _ plan: Plan, _ bytes: [UInt8]) throws -> [Float] {
    let entry = try #require(plan.weights.entries.first { $0.name == name })
    let start = Int(entry.offset.rawValue)
    return stride(from: start, to: start + Int(entry.byteCount.rawValue), by: 4).map { place in
      Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[place + $1]) << UInt32(8 * $1) })
    }
  }

  @Test(arguments: FixtureModels.all) func digestIsOfTheStreamedBytes(name: String) throws {
    let (_, planned) = try planned(name)
    let bytes = try planned.materializedWeights()
    #expect(bytes.count == Int(planned.plan.weights.byteCount.rawValue))
    #expect(SHA256.digest(of: bytes) == planned.plan.weights.digest)
    #expect(planned.plan.weights.digest != .zero)
  }

  @Test func queriesKeysAndValuesAreStacked() throws {
    let (model, planned) = try planned("tiny-mpnet")
    let bytes = try planned.materializedWeights()
    let expected =
      try model.tensor(.layer(1, .queryWeight)) + model.tensor(.layer(1, .keyWeight))
      + model.tensor(.layer(1, .valueWeight))
    #expect(try floats("layer.1.qkv.weight", planned.plan, bytes) == expected)
    #expect(try floats("relative_bias", planned.plan, bytes) == model.relativeBiasByDistance(reach: 12))
    #expect(try floats("embeddings.word", planned.plan, bytes) == model.tensor(.wordEmbedding))
  }

  @Test func theRefittedHeadIsInThePlan() throws {
    let hidden = Int(try ModelSpec.load(directory: FixtureModels.path("tiny-mpnet")).shape.hidden)
    let weight = (0..<2 * hidden).map { Float($0) / 7 }
    let head = HeadOverride(weight: weight, bias: [1, -1], labels: ["a", "b"])
    let (_, planned) = try planned("tiny-mpnet", head: head)
    let bytes = try planned.materializedWeights()
    #expect(try floats("head.weight", planned.plan, bytes) == weight)
    #expect(try floats("head.bias", planned.plan, bytes) == [1, -1])
    let (_, plain) = try self.planned("tiny-mpnet")
    #expect(plain.plan.weights.digest != planned.plan.weights.digest)
  }

  /// Plans of one model share a weights file whatever their schedules.
  @Test(arguments: FixtureModels.all) func schedulesDoNotEnterTheWeights(name: String) throws {
    let (model, dense) = try planned(name)
    var request = PlanningRequest(.workSpeedup(1.2), maximumLength: 12)
    request.restoresDroppedTokens = name == "tiny-bert-old-names"
    let profile = (1...Int(model.shape.layers)).map { 1 / Double($0 + 1) }
    let inputs = PlanningInputs(facts: EncoderFacts(model), profile: profile, costs: SyntheticCosts.make())
    let reduced = try Planner.plan(request, model: model, inputs: inputs).digested()
    #expect(reduced.plan.schedule != dense.plan.schedule)
    #expect(reduced.plan.weights == dense.plan.weights)
  }

  /// Plans of one pool: a tensor that several read is packed once, and each plan finds its own bytes.
  @Test(arguments: FixtureModels.all) func plansOfOnePoolShareTensors(name: String) throws {
    let model = try ModelSpec.load(directory: FixtureModels.path(name))
    let layers = Int(model.shape.layers)
    let inputs = PlanningInputs(facts: EncoderFacts(model), profile: nil, costs: SyntheticCosts.make())
    let pool = WeightPool()
    func plan(_ precision: Precision, depth: Int? = nil, pool: WeightPool) throws -> PlannedModel {
      let request = PlanningRequest(
        depth: depth, maximumLength: 12, precision: PrecisionAssignment(precision))
      return try Planner.plan(request, model: model, inputs: inputs, pool: pool)
    }
    let whole = try plan(.f32, pool: pool)
    let first = try whole.packed()
    let again = try plan(.f32, pool: pool).packed()
    #expect(again.plan == first.plan && again.region === first.region)
    #expect(pool.packings == first.plan.weights.entries.count)
    #expect(first.plan.weights.entries == whole.plan.weights.entries)
    // A cut adds at most what its last layer has in another layout; a precision adds its own products.
    let cut = try plan(.f32, depth: layers - 1, pool: pool)
    let grown = try cut.packed().plan.weights.entries
    #expect(Array(grown.prefix(first.plan.weights.entries.count)) == first.plan.weights.entries)
    #expect(grown.count < first.plan.weights.entries.count + cut.plan.weights.entries.count)
    let int8 = try plan(.int8, pool: pool)
    let both = try int8.packed().plan.weights
    #expect(pool.packings == both.entries.count)
    let products = int8.plan.weights.entries.count { $0.layout == .panelI8 }
    #expect(both.entries.count >= first.plan.weights.entries.count + products)
    #expect(both.entries.count < first.plan.weights.entries.count + int8.plan.weights.entries.count)
    // What is in the pool before a plan does not show in its bytes.
    for (shared, alone) in [
      (cut, try plan(.f32, depth: layers - 1, pool: WeightPool())),
      (int8, try plan(.int8, pool: WeightPool())),
    ] {
      #expect(try shared.materializedWeights() == alone.materializedWeights())
      #expect(try shared.digested().plan == alone.digested().plan)
    }
  }

  @Test func canariesJoinThePlan() throws {
    let (_, planned) = try planned("tiny-mpnet")
    let width = Int(planned.plan.head.outputWidth)
    let canary = Canary(
      ids: [0, 5, 2], typeIDs: [], expected: [Float](repeating: 0, count: width), tolerance: 1e-4)
    let verified = planned.withCanaries([canary])
    #expect(verified.plan.canaries == [canary])
    #expect(verified.plan.weights == planned.plan.weights)
  }

  @Test(arguments: FixtureModels.all) func aSharedFileHoldsEveryTensorOnce(name: String) throws {
    let (model, dense) = try planned(name)
    let hidden = Int(model.shape.hidden)
    let heads = (1...2).map { number in
      HeadOverride(weight: (0..<2 * hidden).map { Float($0 * number) }, bias: [1, 2], labels: ["a", "b"])
    }
    let refitted = try heads.map { try planned(name, head: $0).plan }
    let all = [dense] + refitted + [dense]
    let shared = SharedWeights(all)
    let digest = try PlanWriter.digest(of: shared.index, weights: shared.source)
    #expect(digest != .zero)
    var written = shared.index
    written.digest = digest
    let plans = shared.plans(over: written)
    // The two heads' weights, and the bias that they have in common.
    let own = dense.plan.weights.entries.count { $0.name.hasPrefix("head.") }
    let common = dense.plan.weights.entries.count - own
    #expect(shared.index.entries.count == common + own + 3)
    #expect(plans[0] == plans[3])
    for (plan, alone) in zip(plans, all) {
      try PlanValidator.validate(plan)
      for (op, before) in zip(plan.ops, alone.plan.ops) {
        for role in OperandRole.allCases where !before.weight(role).isNone {
          let found = plan.weights.entries[Int(op.weight(role).rawValue)]
          let wanted = alone.plan.weights.entries[Int(before.weight(role).rawValue)]
          #expect(found.name == wanted.name && found.shape == wanted.shape && found.layout == wanted.layout)
        }
      }
    }
  }
}
