/// Everything that code outside the kernels knows about a kind of op.
///
/// `OpKind.definition` is the only place that says it. The validator, the planner's passes, the cost model, the
/// profiler, the runtime and the reports read it instead of deciding by kind. A class, so that reading one field of a
/// definition does not copy the others.
public final class OpDefinition: Sendable {
  public let kind: OpKind
  /// In plan text, device profiles and JSON.
  public let name: String
  public let family: OpFamily
  /// Inputs in the order in which they are checked, then outputs. Any op may have scratch: its kernels say how much.
  public let operands: [OperandDefinition]
  public let rowRule: RowRule
  /// The sizes that the op reads. Each is at least one; `depth` of an op with an optional weight only where it has one.
  public let sizes: OpSizes
  public let tasks: TaskRule
  public let effect: OpEffect
  /// Whether the driver accepts its result, of the same content, in the place of operand `a`.
  public let allowsInPlace: Bool
  /// The row counts that its time depends on.
  public let variables: RowVariables
  /// The sizes of a model that its `columns` can be, where it has no other size; measured for every model's profile.
  public let widths: [ModelWidth]
  /// What its time depends on besides `sizes` and row counts.
  public let key: ShapeKey
  /// The kind whose measured times stand for this one's; itself for most.
  public let measuredAs: OpKind
  /// Whether a plan can do without it: the planner uses it only where the profile has measured it.
  public let isOptional: Bool
  /// Work in FLOPs (a multiply-add counts two) and traffic. Only products have work; caches are not modelled.
  public let work: SizeProduct
  public let traffic: [Traffic]
  /// What explain calls it, the shape it is given there, and the shape in an audit.
  public let title: [OpText]
  public let shape: [OpText]
  public let label: [OpText]
  /// The first format that has it.
  public let since: FormatVersion

  init(
    _ kind: OpKind, _ name: String, _ family: OpFamily, operands: [OperandDefinition],
    rowRule: RowRule = .any,
    sizes: OpSizes = .columns, tasks: TaskRule, effect: OpEffect = .none,
    allowsInPlace: Bool = false, variables: RowVariables = .rows, widths: [ModelWidth] = [],
    key: ShapeKey = [],
    measuredAs: OpKind? = nil,
    isOptional: Bool = false, work: SizeProduct = .product(0), traffic: [Traffic], title: [OpText],
    shape: [OpText] = [.rows, " × ", .columns], label: [OpText] = [.rows, "×", .columns],
    since: FormatVersion = .first
  ) {
    self.kind = kind
    self.name = name
    self.family = family
    self.operands = operands
    self.rowRule = rowRule
    self.sizes = sizes
    self.tasks = tasks
    self.effect = effect
    self.allowsInPlace = allowsInPlace
    self.variables = variables
    self.widths = widths
    self.key = key
    self.measuredAs = measuredAs ?? kind
    self.isOptional = isOptional
    self.work = work
    self.traffic = traffic
    self.title = title
    self.shape = shape
    self.label = label
    self.since = since
  }

  /// The operand in `role`; nil for one that the kind does not have.
  public func operand(_ role: OperandRole) -> OperandDefinition? { operands.first { $0.role == role } }

  /// Whether each row of the output depends on the same row of the inputs that are read row by row, and otherwise on
  /// whole operands only: any subset of its rows may be computed alone.
  public var isRowWise: Bool {
    if case .rows(.rows, _, _) = operand(.output)?.content { true } else { false }
  }

  /// Whether it writes some of its output's elements and relies on what the others held.
  public var updatesOutput: Bool {
    switch operand(.output)?.content {
    case .renumbered, .rows(.positions, _, _): true
    default: false
    }
  }

  /// Whether `op`, of this kind, reads a tensor for the positions below its extent: biases by distance, or angles.
  public func limitsPositions(of op: PlanOp) -> Bool {
    operands.contains {
      guard case .tensor(let shape) = $0.content, op.has($0.role) else { return false }
      return [.distances, .distanceRows, .angles].contains(shape)
    }
  }

  /// Whether it encodes its result for products of low precision.
  public var encodes: Bool {
    if case .rows(_, _, .encoded) = operand(.output)?.content { true } else { false }
  }

  /// Whether its result in `role` may be written over operand `a`.
  func allowsInPlace(_ role: OperandRole) -> Bool {
    allowsInPlace && operand(role)?.isWritten ?? false && operand(role)?.content == operand(.a)?.content
  }

  /// Whether it makes one row of all its inner rows.
  public var pools: Bool {
    if case .rows(.inner, .columns, _) = operand(.a)?.content { family == .rowwise } else { false }
  }

  /// Whether it decides for the ops after it how many rows go on or whether the run ends; it must then always run.
  public var decides: Bool {
    switch effect {
    case .none, .selects: false
    case .counts, .halts: true
    }
  }
}

extension OpKind {
  /// The definition of this kind.
  public var definition: OpDefinition { OpKind.definitions[Int(rawValue) - 1] }

  private static let definitions = OpKind.allCases.map { $0.define() }

  public var name: String { definition.name }

  public var family: OpFamily { definition.family }

  /// Whether the op chooses rows by their scores.
  public var selects: Bool { definition.effect == .selects || definition.effect == .counts }

  /// Whether the op decides how many rows leave its layer: a dynamic selection.
  public var isDynamic: Bool { definition.effect == .counts }

  /// The rule by which the op may end a run; nil for one that ends none.
  public var haltingRule: HaltingRule? {
    if case .halts(let rule) = definition.effect { rule } else { nil }
  }

  /// Whether the op multiplies by a weight matrix.
  public var isProduct: Bool { family == .products }

  /// Whether the op works on the one row of answers that halting keeps.
  public var isAnswer: Bool { definition.rowRule == .one }

  /// Whether the op computes all rows' attention against all rows and gives the partial token scores.
  public var givesScores: Bool { definition.rowRule == .square }
}

/// Ops that belong together when asking where time goes.
public enum OpFamily: UInt8, CaseIterable, BitwiseCopyable, Hashable, Sendable {
  case embeddings
  case products
  case attention
  case selection
  case rowwise
  case halting
}

/// What an op's row counts must be.
public enum RowRule: UInt8, BitwiseCopyable, Hashable, Sendable {
  case any
  /// One row.
  case one
  /// As many rows as inner rows.
  case square
}

/// Sizes of an op that do not depend on the input.
public struct OpSizes: OptionSet, BitwiseCopyable, Hashable, Sendable {
  public var rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }
  public static let columns = OpSizes(rawValue: 1)
  public static let depth = OpSizes(rawValue: 2)
  public static let heads = OpSizes(rawValue: 4)
}

/// A size of a model.
public enum ModelWidth: UInt8, BitwiseCopyable, Hashable, Sendable {
  case hidden
  case feedForward
  /// Outputs of the head.
  case outputs
}

/// What besides sizes and row counts tells the times of two ops of a kind apart.
public struct ShapeKey: OptionSet, BitwiseCopyable, Hashable, Sendable {
  public var rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }
  public static let activation = ShapeKey(rawValue: 1)
  public static let parts = ShapeKey(rawValue: 2)
  public static let relativeBias = ShapeKey(rawValue: 4)
}

/// How a driver's work is cut into tasks. Raw values equal ck_task_rule's.
public enum TaskRule: UInt8, BitwiseCopyable, Hashable, Sendable {
  case one = 0
  /// Blocks of rows.
  case rows = 1
  case heads = 2
  case parts = 3
}

/// What an op decides about the ops after it.
public enum OpEffect: BitwiseCopyable, Hashable, Sendable {
  case none
  /// Which rows leave its layer.
  case selects
  /// Which rows, and how many.
  case counts
  /// Whether the run ends here.
  case halts(HaltingRule)
}

/// The row counts an op's time depends on.
public enum RowVariables: BitwiseCopyable, Hashable, Sendable {
  case rows
  case innerRows
  case both
}
