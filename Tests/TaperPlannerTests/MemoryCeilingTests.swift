import TaperBase
import TaperPlanFormat
import TaperPlanner
import Testing

/// Ceilings of memory: what fits is planned, what does not says what would.
@Suite struct MemoryCeilingTests {
  private func assembler(
    _ memory: MemoryCeiling, method: PlanningMethod = .dense, precision: Precision = .f32,
    costs: OpCosts = SyntheticCosts.make()
  ) -> PlanAssembler {
    let request = PlanningRequest(
      method, maximumLength: 64, precision: PrecisionAssignment(precision), memory: memory)
    let inputs = PlanningInputs(
      facts: SyntheticModels.facts(), profile: SyntheticModels.profile, costs: costs)
    return PlanAssembler(request, inputs)
  }

  private func plan(
    _ memory: MemoryCeiling, method: PlanningMethod = .dense, precision: Precision = .f32
  ) throws(PlanningError) -> Plan {
    try assembler(memory, method: method, precision: precision).assemble().plan
  }

  private func diagnostic(_ memory: MemoryCeiling) throws -> MemoryDiagnostic {
    let error = #expect(throws: PlanningError.self) { try plan(memory) }
    guard case .memoryExceeded(var diagnostic) = error else { throw error ?? .tokenHeadNotFitted }
    diagnostic.remedies = assembler(memory).remedies(diagnostic)
    return diagnostic
  }

  @Test func whatFitsExactlyIsPlanned() throws {
    let whole = try plan(MemoryCeiling())
    let exact = MemoryCeiling(arena: whole.arena.byteCount, resident: whole.residentBytes)
    #expect(try plan(exact) == whole)
    #expect(whole.residentBytes > whole.weights.byteCount + whole.arena.byteCount)
  }

  @Test func residentMemorySaysWhichPrecisionAndDepthFit() throws {
    let whole = try plan(MemoryCeiling())
    let bf16 = try plan(MemoryCeiling(), precision: .bf16)
    let found = try diagnostic(MemoryCeiling(resident: bf16.residentBytes))
    #expect(found.part == .resident && found.needed == whole.residentBytes)
    let int8 = try plan(MemoryCeiling(), precision: .int8)
    #expect(found.remedies.contains(.init(change: .precision(.bf16), needed: bf16.residentBytes)))
    #expect(found.remedies.contains(.init(change: .precision(.int8), needed: int8.residentBytes)))
    let depth = try #require(found.remedies.last)
    guard case .depth(1...3) = depth.change else { throw PlanningError.memoryExceeded(found) }
    #expect(depth.needed <= found.allowed && found.allowed == bf16.residentBytes)
  }

  /// Three planes take half as much again as f32 does in panels, which are as exact.
  @Test func panelsServeWherePlanesDoNotFit() throws {
    var costs = SyntheticCosts.make(panel: 64)
    let predict = costs.predict
    costs.predict = { op, kernel, rows, innerRows in
      var prediction = predict(op, kernel, rows, innerRows)
      guard kernel == .gemmF32X6 || kernel == .encodeBF16x3 else { return prediction }
      prediction.time = Nanoseconds(prediction.time.rawValue / 4)
      (prediction.low, prediction.high) = (prediction.time, prediction.time)
      return prediction
    }
    func plan(_ memory: MemoryCeiling) throws -> Plan { try assembler(memory, costs: costs).assemble().plan }
    func layouts(_ plan: Plan) -> Set<WeightLayout> {
      Set(plan.ops.filter { $0.kind == .gemm }.map(plan.weightLayout))
    }
    let fastest = try plan(MemoryCeiling())
    #expect(layouts(fastest).contains(.panelBF16x3))
    let smaller = try plan(MemoryCeiling(resident: Bytes(fastest.residentBytes.rawValue - 1)))
    #expect(!layouts(smaller).contains(.panelBF16x3) && smaller.residentBytes < fastest.residentBytes)
    // What no f32 fits into is refused for what the fastest needs.
    let error = #expect(throws: PlanningError.self) { try plan(MemoryCeiling(resident: Bytes(1000))) }
    guard case .memoryExceeded(let found) = error else { throw error ?? .tokenHeadNotFitted }
    #expect(found.needed == fastest.residentBytes)
  }

  @Test func theArenaSaysWhichLengthFits() throws {
    let whole = try plan(MemoryCeiling())
    let found = try diagnostic(MemoryCeiling(arena: Bytes(whole.arena.byteCount.rawValue / 2)))
    let remedy = try #require(found.remedies.last)
    guard case .maximumLength(let tokens) = remedy.change else { throw PlanningError.memoryExceeded(found) }
    #expect(remedy.needed <= found.allowed)
    #expect((20...40).contains(tokens), "about half of 64: \(tokens)")
  }

  @Test func whatNeverFitsSaysTheLeast() throws {
    let found = try diagnostic(MemoryCeiling(resident: Bytes(1000)))
    #expect(!found.remedies.isEmpty && found.remedies.allSatisfy { $0.needed > found.allowed })
  }

  /// A method that chooses how many layers to keep keeps as many as fit.
  @Test func depthGivesWay() throws {
    let method = PlanningMethod.layers(.speedup(1))
    let whole = try plan(MemoryCeiling(), method: method)
    #expect(whole.schedule.layerCount == 4)
    let ceiling = MemoryCeiling(resident: Bytes(whole.residentBytes.rawValue * 7 / 10))
    let cut = try plan(ceiling, method: method)
    #expect((1...3).contains(cut.schedule.layerCount))
    #expect(ceiling.exceeded(by: cut) == nil)
  }
}
