import CTaperKernels

/// The operands of a packed bf16 or int8 product, drawn by seed: activations as their encodings leave them, weights in
/// panels (ck_panel.h). Rows of `a` lie one group further apart than they need to.
struct PackedOperands {
  enum Precision: CaseIterable {
    case bf16, i8
    /// i8 weights whose pairs are bounded.
    case i8Pairs

    var isCodes: Bool { self != .bf16 }
    var group: Int { isCodes ? 4 : 2 }
  }

  let precision: Precision
  let rows: Int
  let columns: Int
  let depth: Int
  /// What the product reads, as numbers: codes less their zeros and weights for i8.
  let left: [Float]
  let right: [Float]
  private let a: GuardedMemory<UInt8>
  let rowScale: [Float]
  private let rowScales: GuardedMemory<Float>
  private let weight: GuardedMemory<UInt8>
  let columnScales: [Float]
  let bias: GuardedMemory<Float>

  var group: Int { precision.group }
  var leading: Int { (depth + group - 1) / group * group + group }

  /// - Parameter extreme: i8 values are only the ends of their ranges.
  init(
    _ precision: Precision, rows: Int, columns: Int, depth: Int, extreme: Bool = false,
    generator: inout Generator
  ) {
    self.precision = precision
    (self.rows, self.columns, self.depth) = (rows, columns, depth)
    let group = precision.group
    let filled = (depth + group - 1) / group * group
    let leading = filled + group
    let paddedColumns = (columns + 15) / 16 * 16
    let zeros = (0..<rows).map { extreme ? [0, 255, 128][$0 % 3] : Float($0 * 101 % 256) }
    var values: (left: [Float], right: [Float])
    if precision.isCodes {
      values.left = (0..<rows * depth).map { element in
        let code =
          extreme
          ? [0, 255].randomElement(using: &generator)! : Float(Int.random(in: 0...255, using: &generator))
        return code - zeros[element / depth]
      }
      values.right = (0..<columns * depth).map { _ in
        extreme
          ? [-128, 127].randomElement(using: &generator)!
          : Float(Int.random(in: -128...127, using: &generator))
      }
      if precision == .i8Pairs { Self.bound(&values.right, depth: depth) }
    } else {
      values.left = generator.floats(rows * depth).map(Self.rounded)
      values.right = generator.floats(columns * depth).map(Self.rounded)
    }
    (left, right) = values
    let bytes = 4 / group
    var codes = [UInt8](repeating: 0xEE, count: ((rows - 1) * leading + filled) * bytes)
    for row in 0..<rows {
      for k in 0..<filled {
        let value = k < depth ? values.left[row * depth + k] : 0
        Self.store(value, precision, zero: Int(zeros[row]), &codes, at: (row * leading + k) * bytes)
      }
    }
    var panels = [UInt8](repeating: 0, count: paddedColumns * filled * bytes)
    for n in 0..<columns {
      for k in 0..<depth {
        let element = n / 16 * 16 * filled + k / group * 16 * group + n % 16 * group + k % group
        Self.store(values.right[n * depth + k], precision, zero: nil, &panels, at: element * bytes)
      }
    }
    let columnScales = generator.floats(columns, in: 0.001...0.01)
    self.columnScales = columnScales
    if precision.isCodes {
      let scales = (0..<paddedColumns).map { $0 < columns ? columnScales[$0].bitPattern : 0 }
      let sums = (0..<paddedColumns).map { n in
        n < columns ? (0..<depth).reduce(Int32(0)) { $0 + Int32(values.right[n * depth + $1]) } : 0
      }
      for word in scales + sums.map(UInt32.init(bitPattern:)) {
        panels += (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
      }
    }
    a = GuardedMemory(codes)
    weight = GuardedMemory(panels)
    let rowScale = generator.floats(rows, in: 0.001...0.01)
    self.rowScale = rowScale
    rowScales = GuardedMemory(zip(rowScale, zeros).flatMap { [$0, $1] })
    bias = GuardedMemory(generator.floats(columns))
  }

  /// Leaves of each pair's second weight what the bound allows.
  private static func bound(_ weights: inout [Float], depth: Int) {
    for k in weights.indices where k % depth % 2 == 1 {
      weights[k] = max(-128 - min(weights[k - 1], 0), min(128 - max(weights[k - 1], 0), weights[k]))
    }
  }

  private static func rounded(_ value: Float) -> Float { Float(bitPattern: value.bitPattern & 0xFFFF_0000) }

  private static func store(
    _ value: Float, _ precision: Precision, zero: Int?, _ bytes: inout [UInt8], at offset: Int
  ) {
    if precision.isCodes {
      bytes[offset] = zero.map { UInt8(Int(value) + $0) } ?? UInt8(bitPattern: Int8(value))
    } else {
      let bits = UInt16(value.bitPattern >> 16)
      bytes[offset] = UInt8(truncatingIfNeeded: bits)
      bytes[offset + 1] = UInt8(bits >> 8)
    }
  }

  var driver: ck_driver {
    switch precision {
    case .bf16: unsafe ck_gemm_bf16_panel
    case .i8: unsafe ck_gemm_i8_panel
    case .i8Pairs: unsafe ck_gemm_i8_pairs
    }
  }

  /// The op over these operands; y is the caller's.
  func op(_ base: ck_op, rows: Int? = nil, index: GuardedMemory<UInt32>? = nil, hasBias: Bool = true) -> ck_op
  {
    var op = unsafe base
    unsafe op.rows = UInt32(rows ?? self.rows)
    unsafe op.columns = UInt32(columns)
    unsafe op.depth = UInt32(depth)
    unsafe op.parts = 1
    unsafe op.a = UnsafeRawPointer(a.constPointer).assumingMemoryBound(to: Float.self)
    unsafe op.lda = UInt32(leading)
    unsafe op.b = rowScales.constPointer
    unsafe op.weight = UnsafeRawPointer(weight.constPointer)
    unsafe op.bias = hasBias ? bias.constPointer : nil
    unsafe op.index = index?.constPointer
    return unsafe op
  }

  /// The rows of `a` in tiles. What belongs to no row is NaN in bf16.
  func tiles() -> GuardedMemory<UInt8> {
    let bytes = 4 / group
    let filled = (depth + group - 1) / group * group * bytes
    let lines = (depth * bytes + 63) / 64
    let height = Int(ck_encoded_tile_rows(UInt32(rows)))
    var result = [UInt8](repeating: 0xFF, count: ck_encoded_tiles_bytes(UInt32(rows), depth * bytes))
    let codes = a.values
    for row in 0..<rows {
      for byte in 0..<lines * 64 {
        let place = (row / height * lines + byte / 64) * 1024 + row % height * 64 + byte % 64
        result[place] = byte < filled ? codes[row * leading * bytes + byte] : 0
      }
    }
    return GuardedMemory(result)
  }

  /// The op over the rows in `tiles`.
  func op(_ base: ck_op, tiles: GuardedMemory<UInt8>) -> ck_op {
    var op = unsafe self.op(base)
    unsafe op.a = UnsafeRawPointer(tiles.constPointer).assumingMemoryBound(to: Float.self)
    unsafe op.a_layout = CK_ENCODED_TILES
    return unsafe op
  }

  /// y of the op, its tasks run last first.
  func result(_ op: ck_op, parts: Int = 1, _ activation: ck_activation = CK_ACTIVATION_NONE) -> Matrix {
    let y = unsafe Matrix(Int(op.rows), columns)
    var op = unsafe op
    unsafe op.parts = UInt32(parts)
    unsafe op.activation = activation
    unsafe op.y = y.pointer
    unsafe op.ldy = y.ld
    unsafe run(driver, op, tasks: parts)
    return y
  }
}
