package import TaperPlanFormat

/// An op with the layout of its weight, which decides what kernels can serve it.
@dynamicMemberLookup
package struct PricedOp: Hashable, Sendable {
  package var op: PlanOp
  /// Row-major for an op without a weight.
  package var layout: WeightLayout

  /// Whether kernels that round the op's f32 operands (to bf16) may serve it.
  package var mayRound: Bool

  package init(_ op: PlanOp, layout: WeightLayout = .rowMajor, mayRound: Bool = false) {
    self.op = op
    self.layout = layout
    self.mayRound = mayRound
  }

  package subscript<Value>(dynamicMember path: KeyPath<PlanOp, Value>) -> Value { op[keyPath: path] }
}

extension [PricedOp] {
  /// The ops that a run may end with, ascending: its halting tests, and the last op.
  var runEnds: [Int] { indices.filter { self[$0].kind.haltingRule != nil } + [count - 1] }
}
