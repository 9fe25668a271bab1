/// The operands of an op by name, in record order: eight views of slots, then seven weights.
public enum OperandRole: UInt8, CaseIterable, BitwiseCopyable, Hashable, Sendable {
  case a, b, c, output, output2, index, origin, scratch
  case weight, bias, gamma, beta, table0, table1, table2

  static let slotRoles: [OperandRole] = [.a, .b, .c, .output, .output2, .index, .origin, .scratch]
  var isOutput: Bool { self == .output || self == .output2 }
  static let weightRoles: [OperandRole] = [.weight, .bias, .gamma, .beta, .table0, .table1, .table2]
}

extension PlanOp {
  /// The view of a slot in `role`; none for the role of a weight.
  public func operand(_ role: OperandRole) -> Operand {
    switch role {
    case .a: a
    case .b: b
    case .c: c
    case .output: output
    case .output2: output2
    case .index: index
    case .origin: origin
    case .scratch: scratch
    default: .none
    }
  }

  /// The weight in `role`; none for the role of a slot.
  public func weight(_ role: OperandRole) -> WeightReference {
    switch role {
    case .weight: weight
    case .bias: bias
    case .gamma: gamma
    case .beta: beta
    case .table0: table0
    case .table1: table1
    case .table2: table2
    default: .none
    }
  }

  /// The op with every weight reference replaced by `number` of it.
  public func renumberingWeights(_ number: (WeightReference) -> WeightReference) -> PlanOp {
    var op = self
    func renumber(_ weight: inout WeightReference) { if !weight.isNone { weight = number(weight) } }
    renumber(&op.weight)
    renumber(&op.bias)
    renumber(&op.gamma)
    renumber(&op.beta)
    renumber(&op.table0)
    renumber(&op.table1)
    renumber(&op.table2)
    return op
  }
}
