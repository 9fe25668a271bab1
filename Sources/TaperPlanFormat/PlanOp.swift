/// Raw values equal ck_activation's.
public enum Activation: UInt8, CaseIterable, BitwiseCopyable, Hashable, Sendable {
  case none = 0
  case gelu = 1
  case geluTanh = 2
  case relu = 3
  case tanh = 4
  case silu = 5
}

/// When an op runs, which the schedule decides for each input length. A layer that may drop tokens has both the ops
/// that drop them and the plain attention for lengths at which it drops none.
public enum OpGuard: UInt8, CaseIterable, BitwiseCopyable, Hashable, Sendable {
  case always = 0
  /// Only where the op's layer drops tokens for this input length: T(layer) < T(layer − 1).
  case ifReduced = 1
  /// Only where it drops none.
  case ifNotReduced = 2
}

/// A view of an arena slot: it starts `offset` elements into the slot, with rows `leading` elements apart.
public struct Operand: BitwiseCopyable, Hashable, Sendable {
  public var slot: UInt16
  public var offset: UInt32
  public var leading: UInt32
  public init(slot: UInt16, offset: UInt32 = 0, leading: UInt32 = 0) {
    self.slot = slot
    self.offset = offset
    self.leading = leading
  }
  public static let none = Operand(slot: 0xFFFF)
  public var isNone: Bool { slot == 0xFFFF }
}

/// A tensor of the weights index, or none.
public struct WeightReference: RawRepresentable, BitwiseCopyable, Hashable, Sendable {
  public var rawValue: UInt16
  public init(rawValue: UInt16) { self.rawValue = rawValue }
  public static let none = WeightReference(rawValue: 0xFFFF)
  public var isNone: Bool { self == .none }
}

/// One planned op: a record of fixed size, like `ck_op` with symbols in place of pointers. Which operands and sizes it
/// has depends on its kind (`OpDefinition`).
///
/// An `index` operand names rows of an input. Where the op's guard is `always` and its layer drops nothing at this
/// length, the index was not written and is not read: row i is row i.
public struct PlanOp: BitwiseCopyable, Hashable, Sendable {
  public var kind: OpKind
  public var condition: OpGuard
  public var activation: Activation
  /// 1-based layer; 0 before the first (embeddings); layerCount + 1 after the last (pooling, head).
  public var layer: UInt16
  /// Ops that were fused or belong together share a number, for display; 0xFFFF for none.
  public var fusionGroup: UInt16
  public var rows: RowCount
  public var innerRows: RowCount
  public var columns: UInt32
  public var depth: UInt32
  public var heads: UInt16
  /// Column parts that a product is cut into; 1 for other ops.
  public var parts: UInt16
  /// Embed: position offset. Attention with relative bias: reach of the bias table. Rotate: rows of the table of angles.
  /// Halting: layers left. Encode: planes of bf16, 2 or 3, that it writes. 0 otherwise.
  public var extent: UInt32
  public var epsilon: Float
  public var scale: Float
  public var a: Operand
  public var b: Operand
  public var c: Operand
  public var output: Operand
  public var output2: Operand
  public var index: Operand
  public var origin: Operand
  public var scratch: Operand
  /// Scratch elements for each worker.
  public var scratchStride: UInt32
  public var weight: WeightReference
  public var bias: WeightReference
  public var gamma: WeightReference
  public var beta: WeightReference
  /// Of embed: word, position and token-type tables. Of rotate: the angles. Of disentangled
  /// scores: the keys' and the queries' rows by distance.
  public var table0: WeightReference
  public var table1: WeightReference
  public var table2: WeightReference

  public init(
    _ kind: OpKind, layer: Int, rows: RowCount, innerRows: RowCount = .one, columns: Int = 0, depth: Int = 0
  ) {
    self.kind = kind
    self.condition = .always
    self.activation = .none
    self.layer = UInt16(layer)
    self.fusionGroup = 0xFFFF
    self.rows = rows
    self.innerRows = innerRows
    self.columns = UInt32(columns)
    self.depth = UInt32(depth)
    self.heads = 0
    self.parts = 1
    self.extent = 0
    self.epsilon = 0
    self.scale = 1
    self.a = .none
    self.b = .none
    self.c = .none
    self.output = .none
    self.output2 = .none
    self.index = .none
    self.origin = .none
    self.scratch = .none
    self.scratchStride = 0
    self.weight = .none
    self.bias = .none
    self.gamma = .none
    self.beta = .none
    self.table0 = .none
    self.table1 = .none
    self.table2 = .none
  }
}

/// Which kernel serves an op for inputs with at most `maximumRows` rows. An op's selections ascend, and the last covers
/// every row count.
public struct KernelSelection: BitwiseCopyable, Hashable, Sendable {
  public var op: UInt16
  public var maximumRows: UInt16
  public var kernel: KernelID
  public init(op: Int, maximumRows: Int, kernel: KernelID) {
    self.op = UInt16(op)
    self.maximumRows = UInt16(maximumRows)
    self.kernel = kernel
  }
}
