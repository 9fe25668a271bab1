/// A broken rule, the place, and the expected and found values.
public struct PlanViolation: Hashable, Sendable {
  public var rule: PlanRule
  public var place: PlanPlace
  /// The input length at which it is broken; 0 when lengths do not matter.
  public var length: Int
  public var expected: UInt64
  public var found: UInt64

  public init(_ rule: PlanRule, _ place: PlanPlace, length: Int = 0, expected: UInt64, found: UInt64) {
    self.rule = rule
    self.place = place
    self.length = length
    self.expected = expected
    self.found = found
  }

  public var description: String {
    let at = length == 0 ? "" : ", at \(length) tokens"
    return
      "\(place.description)\(at): \(rule.meaning); expected \(rule.relation) \(expected), found \(found). "
      + "The plan is not one that Taper writes: plan it again"
  }
}

/// The place in a plan where a rule is broken.
public enum PlanPlace: Hashable, Sendable {
  case plan
  case op(Int)
  case operand(op: Int, OperandRole)
  case slot(Int)
  case slots(Int, Int)
  case weight(Int)
  case selection(Int)
  case canary(Int)
  case prediction(Int)
  case layer(Int)

  public var description: String {
    switch self {
    case .plan: "plan"
    case .op(let op): "op \(op)"
    case .operand(let op, let role): "op \(op), operand \(role.name)"
    case .slot(let slot): "slot \(slot)"
    case .slots(let first, let second): "slots \(first) and \(second)"
    case .weight(let entry): "weights entry \(entry)"
    case .selection(let selection): "kernel selection \(selection)"
    case .canary(let canary): "canary \(canary)"
    case .prediction(let prediction): "prediction \(prediction)"
    case .layer(let layer): "layer \(layer)"
    }
  }
}
