/// A piece of how an op is described to people.
public enum OpText: Sendable, ExpressibleByStringLiteral {
  case text(String)
  /// The text where the operand is there, or where it is not.
  case with(OperandRole, String)
  case without(OperandRole, String)
  /// What is added by distance: a relative bias, or a local window.
  case distances(relative: String, window: String)
  /// The name of the weight in this role.
  case weight(OperandRole)
  /// Says that the op reads rows through an index.
  case indexed
  case activation
  /// The element that an encode op writes.
  case element
  /// One text where the op has one inner row, another where it has more.
  case innerRows(one: String, more: String)
  case rows, inner, columns, depth, heads
  /// Rows moved, of how many, by an op that moves those the index does not name.
  case dropped

  public init(stringLiteral text: String) { self = .text(text) }
}

extension PlanOp {
  /// The op described by `pieces`, at given row counts.
  public func described(
    _ pieces: [OpText], rows: Int = 1, innerRows: Int = 1,
    weightName: (WeightReference) -> String = { _ in "" }
  ) -> String {
    var text = ""
    for piece in pieces {
      switch piece {
      case .text(let words): text += words
      case .with(let role, let words): text += has(role) ? words : ""
      case .without(let role, let words): text += has(role) ? "" : words
      case .distances(let relative, let window):
        text += bias.isNone ? "" : weightName(bias).hasPrefix("window") ? window : relative
      case .weight(let role): text += weightName(weight(role))
      case .indexed: text += index.isNone ? "" : "[kept]"
      case .activation: text += activation.title
      case .element: text += encodedElement.name
      case .innerRows(let one, let more): text += self.innerRows == .one ? one : more
      case .rows: text += "\(rows)"
      case .inner: text += "\(innerRows)"
      case .columns: text += "\(columns)"
      case .depth: text += "\(depth)"
      case .heads: text += "\(heads)"
      case .dropped: text += index.isNone ? "\(rows)" : "\(innerRows - rows) of \(innerRows)"
      }
    }
    return text
  }
}

extension Activation {
  /// What it adds to an op's title.
  var title: String {
    switch self {
    case .none: ""
    case .gelu: " + GELU"
    case .geluTanh: " + GELU (tanh)"
    case .relu: " + ReLU"
    case .tanh: " + tanh"
    case .silu: " + SiLU"
    }
  }
}
