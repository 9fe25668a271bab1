import CTaperKernels

/// The encoded rows that an op writes, in either layout (ck_encoded.h), filled with a pattern.
struct EncodedRows {
  private let bytes: GuardedMemory<UInt8>
  private let scales: GuardedMemory<Float>
  private let layout: ck_encoded_layout
  private let leading: UInt32

  /// Room for the rows and columns of `op`; rows lie a group further apart than they need to.
  init(_ op: ck_op, _ precision: PackedOperands.Precision, _ layout: ck_encoded_layout) {
    let (rows, columns) = unsafe (Int(op.rows), Int(op.columns))
    let group = precision.group
    let filled = (columns + group - 1) / group * group
    leading = UInt32(filled + group)
    self.layout = layout
    let width = filled * 4 / group
    let count =
      layout == CK_ENCODED_ROWS
      ? (rows - 1) * Int(leading) * 4 / group + width : ck_encoded_tiles_bytes(UInt32(rows), width)
    bytes = GuardedMemory([UInt8](repeating: 0xEE, count: count))
    scales = GuardedMemory([Float](repeating: 7, count: 2 * rows))
  }

  /// The op that writes here.
  func op(_ op: ck_op) -> ck_op {
    var op = unsafe op
    unsafe op.y = UnsafeMutableRawPointer(bytes.pointer).assumingMemoryBound(to: Float.self)
    unsafe (op.ldy, op.y_layout, op.y2) = (leading, layout, scales.pointer)
    return unsafe op
  }

  /// The op that reads from here.
  func reader(_ op: ck_op) -> ck_op {
    var op = unsafe op
    unsafe op.a = UnsafeRawPointer(bytes.pointer).assumingMemoryBound(to: Float.self)
    unsafe (op.lda, op.a_layout) = (leading, layout)
    return unsafe op
  }

  static func == (a: EncodedRows, b: EncodedRows) -> Bool {
    a.bytes.values == b.bytes.values && a.scales.values == b.scales.values && a.bytes.isIntact
      && a.scales.isIntact
  }
}
