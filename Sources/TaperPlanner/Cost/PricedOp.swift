package import TaperPlanFormat

/// An op with the one thing about its weight that decides which kernels can serve it.
@dynamicMemberLookup
package struct PricedOp: Hashable, Sendable {
  package var op: PlanOp
  /// Row-major for an op without a weight.
  package var layout: WeightLayout

  package init(_ op: PlanOp, layout: WeightLayout = .rowMajor) {
    self.op = op
    self.layout = layout
  }

  package subscript<Value>(dynamicMember path: KeyPath<PlanOp, Value>) -> Value { op[keyPath: path] }
}
