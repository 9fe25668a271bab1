import TaperPlanFormat
import TaperPlanner
import TaperReportRendering
import TestSupport
import Testing

/// What limits each layer and what would pay next, on devices written down as formulas.
@Suite struct LimitsTests {
  private func plan(
    _ method: PlanningMethod = .dense, precision: Precision = .f32, maximumLength: Int = 64
  ) throws -> Plan {
    let request = PlanningRequest(
      method, maximumLength: maximumLength, precision: PrecisionAssignment(precision))
    let inputs = PlanningInputs(
      facts: SyntheticModels.facts(), profile: SyntheticModels.profile, costs: SyntheticCosts.make())
    return try PlanAssembler(request, inputs).assemble().plan
  }

  private func limits(_ plan: Plan, _ costs: OpCosts = SyntheticCosts.make(), others: [(Int, OpCosts)] = [])
    -> Limits
  {
    Limits(plan, length: plan.schedule.maximumLength, costs: costs, others: others)
  }

  private func sum(_ plan: Plan, layer: Int) -> UInt64 {
    let row = plan.predictions.ops.suffix(plan.ops.count)
    return zip(plan.ops, row).reduce(0) { $0 + (Int($1.0.layer) == layer ? $1.1.time.rawValue : 0) }
  }

  @Test(arguments: [PlanningMethod.dense, .workSpeedup(1.5)])
  func aLayersTimeIsItsOps(method: PlanningMethod) throws {
    let plan = try plan(method)
    let limits = limits(plan)
    #expect(limits.layers.map(\.layer) == [1, 2, 3, 4])
    for layer in limits.layers {
      #expect(layer.time.rawValue == sum(plan, layer: layer.layer))
      #expect((0.3...1).contains(layer.boundShare))
      #expect(layer.savings.map(\.time) == layer.savings.map(\.time).sorted(by: >))
      let depth = try #require(layer.savings.first { $0.lever == .depth })
      #expect(depth.time == layer.time)
    }
    #expect(limits.whole.first { $0.lever == .depth }?.time == limits.layers.map(\.time).max())
  }

  /// A profile that knows what stays in caches prices the layers of its own plans as the plans do.
  @Test(arguments: [Precision.f32, .int8])
  func residentWeightsAreCheapHereToo(precision: Precision) throws {
    var costs = SyntheticCosts.make()
    costs.resident = { SyntheticCosts.make(overhead: $0.rawValue % 499) }
    let request = PlanningRequest(
      maximumLength: 64, threads: 1, precision: PrecisionAssignment(precision, exceptions: ["a": .bf16]))
    let inputs = PlanningInputs(facts: SyntheticModels.facts(), profile: nil, costs: costs)
    let plan = try PlanAssembler(request, inputs).assemble().plan
    for layer in limits(plan, costs).layers { #expect(layer.time.rawValue == sum(plan, layer: layer.layer)) }
  }

  /// 16 of 64 rows fewer are a quarter of the products' time, and nearly half of attention's.
  @Test func tokensSaveWhatTheirPlanWouldTake() throws {
    let whole = try plan()
    let less = try plan(maximumLength: 48)
    for layer in limits(whole).layers {
      let saving = try #require(layer.savings.first { $0.lever == .tokens })
      #expect(saving.time.rawValue == sum(whole, layer: layer.layer) - sum(less, layer: layer.layer))
    }
    #expect(limits(try plan(maximumLength: 16)).layers[0].savings.allSatisfy { $0.lever != .tokens })
  }

  /// A device whose packed products take a quarter of the time: the plan in that precision, with encode ops of their
  /// own, takes what the lever says.
  @Test func precisionSavesWhatItsPlanWouldTake() throws {
    let costs = SyntheticCosts.make()
    let fast = OpCosts(
      predict: { op, kernel, rows, innerRows in
        var price = costs.predict(op, kernel, rows, innerRows)
        if kernel == .gemmBF16Panel {
          price.time = Nanoseconds(price.time.rawValue / 4)
          (price.low, price.high) = (price.time, price.time)
        }
        return price
      }, kernels: costs.kernels, endToEnd: costs.endToEnd, runOverhead: costs.runOverhead)
    func assembled(_ precision: Precision) throws -> Plan {
      let request = PlanningRequest(
        maximumLength: 64, precision: PrecisionAssignment(precision),
        passes: PassSet(disabling: [.smoothColumns, .fuseEncodings]))
      let inputs = PlanningInputs(facts: SyntheticModels.facts(), profile: nil, costs: fast)
      return try PlanAssembler(request, inputs).assemble().plan
    }
    let (f32, bf16) = (try assembled(.f32), try assembled(.bf16))
    let attention = { (plan: Plan) in
      zip(plan.ops, plan.predictions.ops.suffix(plan.ops.count)).reduce(UInt64(0)) {
        $0 + ($1.0.layer == 1 && $1.0.kind == .attention ? $1.1.time.rawValue : 0)
      }
    }
    let saving = try #require(limits(f32, fast).layers[0].savings.first { $0.lever == .precision })
    #expect(saving.change == "bf16")
    let products = sum(f32, layer: 1) - attention(f32) - (sum(bf16, layer: 1) - attention(bf16))
    #expect(saving.time.rawValue == products)
    // Nothing is lower than int8.
    let lowest = limits(try plan(precision: .int8))
    #expect(lowest.layers.allSatisfy { $0.savings.allSatisfy { $0.lever != .precision } })
  }

  @Test func threadsSaveWhereTheyAreFaster() throws {
    let plan = try plan()
    let faster = limits(
      plan, others: [(2, SyntheticCosts.make(overhead: 100)), (4, SyntheticCosts.make(overhead: 900))])
    for layer in faster.layers {
      let threads = layer.savings.filter { $0.lever == .threads }
      #expect(threads.map(\.change) == ["2 threads"])
    }
    let text = TextRenderer.render(Report(explaining: plan, limits: faster), columns: 80)
    for line in text.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    let difference = Golden.difference(text, from: TestFile.fixture("limits.txt"))
    #expect(difference == nil)
  }
}
