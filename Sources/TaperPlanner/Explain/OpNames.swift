import TaperPlanFormat

/// Says in a few words what an op computes and on what shape.
struct OpNames {
  private let plan: Plan

  init(_ plan: Plan) { self.plan = plan }

  func title(_ op: PlanOp) -> String {
    switch op.kind {
    case .embed: return "embed" + (op.gamma.isNone ? "" : " + norm")
    case .gemm:
      return weightName(op.weight) + indexed(op) + (op.bias.isNone ? "" : " + bias")
        + activation(op.activation)
    case .biasActivation: return weightName(op.bias) + activation(op.activation)
    case .add: return "residual" + indexed(op)
    case .layerNorm:
      return (op.bias.isNone ? "" : "bias + ") + (op.b.isNone ? "" : "residual" + indexed(op) + " + ")
        + "norm"
    case .attention: return "attention" + (op.bias.isNone ? "" : ", relative bias")
    case .attentionScores: return "attention scores" + (op.bias.isNone ? "" : ", rel. bias")
    case .attentionScored:
      return "attention + scores" + (op.bias.isNone ? "" : ", rel. bias")
    case .encode: return "encode" + indexed(op) + " as " + op.encodedElement.name
    case .attentionContext: return "attention context" + indexed(op)
    case .iota: return "positions of all tokens"
    case .select: return "choose tokens to keep"
    case .selectAbove: return "keep tokens above threshold"
    case .scatter: return op.index.isNone ? "restore kept tokens" : "restore dropped tokens"
    case .compose: return "positions of kept tokens"
    case .gather: return "gather kept tokens"
    case .mean: return op.innerRows == .one ? "first token" : "mean"
    case .l2Normalize: return "L2 norm"
    case .softmax: return "softmax"
    case .sigmoid: return "sigmoid"
    case .accumulate: return "join answer" + (op.weight.isNone ? "" : " + halting unit")
    case .haltAuthors: return "halt? (authors' rule)"
    case .haltTight: return "halt? (tighter rule)"
    }
  }

  func shape(_ op: PlanOp, length: Int) -> String {
    let rows = plan.schedule.value(of: op.rows, length: length)
    let inner = plan.schedule.value(of: op.innerRows, length: length)
    switch op.kind {
    case .gemm: return "\(rows) × \(op.depth) → \(op.columns)"
    case .attention, .attentionScores, .attentionScored, .attentionContext:
      return "\(rows) × \(inner) · \(op.heads) × \(op.depth)"
    case .select, .selectAbove, .compose: return "\(inner) → \(rows)"
    case .scatter where !op.index.isNone: return "\(inner - rows) of \(inner) × \(op.columns)"
    case .mean: return "\(inner) × \(op.columns)"
    case .iota: return "\(rows)"
    default: return "\(rows) × \(op.columns)"
    }
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

  private func indexed(_ op: PlanOp) -> String { op.index.isNone ? "" : "[kept]" }

  private func activation(_ activation: Activation) -> String {
    switch activation {
    case .none: ""
    case .gelu: " + GELU"
    case .geluTanh: " + GELU (tanh)"
    case .relu: " + ReLU"
    case .tanh: " + tanh"
    }
  }
}
