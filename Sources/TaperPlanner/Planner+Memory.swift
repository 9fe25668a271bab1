package import TaperCalibration
package import TaperCostModel
package import TaperModelSpec
import TaperPlanFormat

/// What would fit into memory where a plan does not.
extension PlanAssembler {
  /// What other precisions, fewer layers or shorter inputs would need.
  package func remedies(_ diagnostic: MemoryDiagnostic) -> [MemoryDiagnostic.Remedy] {
    func needed(_ request: PlanningRequest) -> Bytes? {
      var request = request
      request.memory = MemoryCeiling()
      guard let plan = try? PlanAssembler(request, inputs).assemble().plan else { return nil }
      return diagnostic.part == .arena ? plan.arena.byteCount : plan.residentBytes
    }
    var remedies: [MemoryDiagnostic.Remedy] = []
    for precision in Precision.allCases where request.precision != PrecisionAssignment(precision) {
      var other = request
      other.precision = PrecisionAssignment(precision)
      if let bytes = needed(other), bytes < diagnostic.needed {
        remedies.append(.init(change: .precision(precision), needed: bytes))
      }
    }
    guard diagnostic.part == .arena else { return remedies + depthThatFits(diagnostic, needed) }
    // The arena grows with the longest input: the longest that fits.
    func atMost(_ length: Int) -> Bytes? {
      var other = request
      other.maximumLength = length
      return needed(other)
    }
    var (fitting, tooLong) = (0, request.maximumLength)
    while tooLong - fitting > 1 {
      let middle = (fitting + tooLong) / 2
      if let bytes = atMost(middle), bytes <= diagnostic.allowed {
        fitting = middle
      } else {
        tooLong = middle
      }
    }
    if let bytes = atMost(max(1, fitting)) {
      remedies.append(.init(change: .maximumLength(max(1, fitting)), needed: bytes))
    }
    return remedies
  }

  /// The deepest cut that fits, for a method that does not choose one by itself.
  private func depthThatFits(
    _ diagnostic: MemoryDiagnostic, _ needed: (PlanningRequest) -> Bytes?
  ) -> [MemoryDiagnostic.Remedy] {
    if case .fixed = request.method { return [] }
    guard request.halting == nil, request.depth == nil else { return [] }
    for depth in (1..<max(2, inputs.facts.layers)).reversed() {
      var other = request
      other.depth = depth
      if let bytes = needed(other), bytes <= diagnostic.allowed {
        return [.init(change: .depth(depth), needed: bytes)]
      }
    }
    return []
  }
}

extension Planner {
  /// The diagnostic of a plan that `request` asks for, with what would fit. Plans and outlines go without: one may be
  /// one of many.
  package static func naming(
    remediesOf diagnostic: MemoryDiagnostic, _ request: PlanningRequest, model: ModelSpec,
    calibration: Calibration?, cost: CostModel
  ) throws(PlanningError) -> MemoryDiagnostic {
    let inputs = try inputs(request, model: model, calibration: calibration, cost: cost)
    var named = diagnostic
    named.remedies = PlanAssembler(request, inputs).remedies(diagnostic)
    return named
  }
}
