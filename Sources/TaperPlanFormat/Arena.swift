/// The element type of an arena slot or a tensor.
public enum ElementType: UInt8, CaseIterable, BitwiseCopyable, Hashable, Sendable {
  case f32 = 0
  case u32 = 1
  case f16 = 2
  case bf16 = 3
  /// One byte: unsigned codes in slots (ck_encode_i8), signed in weights.
  case i8 = 4
  /// f32 as the sum of two or three bf16, its planes (ck_encode_bf16x2).
  case bf16x2 = 5
  case bf16x3 = 6

  public var byteCount: Int {
    switch self {
    case .f32, .u32, .bf16x2: 4
    case .f16, .bf16: 2
    case .i8: 1
    case .bf16x3: 6
    }
  }

  /// How many bf16 an element is the sum of; 1 for every element that is no such sum.
  public var planes: Int {
    switch self {
    case .f32, .u32, .f16, .bf16, .i8: 1
    case .bf16x2: 2
    case .bf16x3: 3
    }
  }

  /// How many neighbours in depth a packed product of this element multiplies at once (ck_panel.h). Rows of encoded
  /// activations, and panels of weights, are padded to a multiple of it.
  public var group: Int {
    switch self {
    case .f32, .u32, .f16: 1
    case .bf16, .bf16x2, .bf16x3: KernelConstants.groupBF16
    case .i8: KernelConstants.groupI8
    }
  }

  /// Whether activations of this element are encoded ones (ck_encoded.h): what a product of low precision or of planes
  /// reads.
  public var isEncoded: Bool {
    switch self {
    case .bf16, .i8, .bf16x2, .bf16x3: true
    case .f32, .u32, .f16: false
    }
  }

  /// Bytes of so many rows of encoded activations when they lie in tiles (ck_encoded.h): of whole lines, and of 16 rows
  /// a tile.
  public func tileByteCount(rows: Int, columns: Int) -> Int {
    let (line, height) = (KernelConstants.encodedLine, KernelConstants.encodedTile)
    let lines = (columns * byteCount / planes + line - 1) / line * planes
    return (rows + height - 1) / height * height * lines * line
  }
}

/// A buffer of the arena: its shape in symbols, its place, and the ops between which it is alive.
public struct ArenaSlot: Hashable, Sendable {
  public var name: String
  public var element: ElementType
  /// Elements = copies · value(rows) · value(innerRows) · columns, at the maximum over all input lengths.
  public var copies: UInt32
  public var rows: RowCount
  public var innerRows: RowCount
  public var columns: UInt32
  /// Place in the arena, a multiple of `ArenaLayout.alignment`.
  public var offset: Bytes
  public var byteCount: Bytes
  /// The first op that names it and the last (both included). A last op of UInt32.max: alive after the run.
  public var firstOp: UInt32
  public var lastOp: UInt32

  public init(
    name: String, element: ElementType, copies: Int = 1, rows: RowCount, innerRows: RowCount = .one,
    columns: Int,
    offset: Bytes = .zero, byteCount: Bytes = .zero, firstOp: UInt32 = 0, lastOp: UInt32 = 0
  ) {
    self.name = name
    self.element = element
    self.copies = UInt32(copies)
    self.rows = rows
    self.innerRows = innerRows
    self.columns = UInt32(columns)
    self.offset = offset
    self.byteCount = byteCount
    self.firstOp = firstOp
    self.lastOp = lastOp
  }
}

/// The arena: one allocation that holds every buffer of a run.
public struct ArenaLayout: Hashable, Sendable {
  /// Every slot starts on a cache line.
  public static let alignment: UInt64 = 64
  public var slots: [ArenaSlot]
  public var byteCount: Bytes
  public init(slots: [ArenaSlot] = [], byteCount: Bytes = .zero) {
    self.slots = slots
    self.byteCount = byteCount
  }
}
