import TaperPlanFormat

/// Says in a few words what an op computes and on what shape.
struct OpNames {
  private let plan: Plan

  init(_ plan: Plan) { self.plan = plan }

  func title(_ op: PlanOp) -> String {
    op.described(op.kind.definition.title, weightName: weightName)
  }

  func shape(_ op: PlanOp, length: Int) -> String {
    op.described(
      op.kind.definition.shape, rows: plan.schedule.value(of: op.rows, length: length),
      innerRows: plan.schedule.value(of: op.innerRows, length: length))
  }

  private func weightName(_ weight: WeightReference) -> String {
    guard !weight.isNone, Int(weight.rawValue) < plan.weights.entries.count else { return "product" }
    var parts = plan.weights.entries[Int(weight.rawValue)].name.split(separator: ".")
    if parts.first == "layer", parts.count > 2 { parts.removeFirst(2) }
    if parts.last == "weight" {
      parts.removeLast()
    }
    return parts.joined(separator: " ")
  }
}
