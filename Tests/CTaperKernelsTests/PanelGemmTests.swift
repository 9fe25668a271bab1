import CTaperKernels
import Testing

/// The packed f32 product on every tier.
@Suite struct PanelGemmTests {
  /// A weight [columns, depth] in f32 panels (ck_panel.h), nothing behind the last.
  private func packed(_ weight: Matrix) -> GuardedMemory<Float> {
    let panels = (weight.rows + 15) / 16
    var values = [Float](repeating: 0, count: panels * 16 * weight.columns)
    for n in 0..<weight.rows {
      for k in 0..<weight.columns {
        values[n / 16 * 16 * weight.columns + k * 16 + n % 16] = weight[n, k]
      }
    }
    return GuardedMemory(values)
  }

  /// Round the tiles' rows, the panels read at once, the turns of k; deep enough for several blocks; rows beyond what
  /// a driver hands over at once.
  private let shapes: [(rows: Int, columns: Int, depth: Int)] =
    (1...17).map { ($0, 16 * (1 + $0 % 7) - $0 % 3, 5 + $0) }
    + [
      (1, 1, 1), (1, 97, 2), (3, 145, 40), (4, 112, 33), (7, 64, 130), (25, 48, 31), (13, 49, 1700),
      (257, 33, 7),
    ]

  private func fill(
    _ op: inout ck_op, _ a: Matrix, _ weight: GuardedMemory<Float>, _ bias: GuardedMemory<Float>, columns: Int
  ) {
    unsafe op.columns = UInt32(columns)
    unsafe op.depth = UInt32(a.columns)
    unsafe op.a = a.constPointer
    unsafe op.lda = a.ld
    unsafe op.weight = UnsafeRawPointer(weight.constPointer)
    unsafe op.bias = bias.constPointer
  }

  @Test func everyTileBiasActivationAndIndex() {
    unsafe withEveryTier { base in
      withEvery("shape", in: shapes) { rows, columns, depth in
        var generator = Generator(seed: UInt64(rows))
        let a = Matrix(rows + 3, depth, random: &generator, in: -1...1)
        let weight = Matrix(columns, depth, gap: 0, random: &generator, in: -1...1)
        let panels = packed(weight)
        let bias = GuardedMemory(generator.floats(columns))
        let index = GuardedMemory(generator.rows(rows, below: rows + 3))
        var products = [[Double]](repeating: [], count: rows + 3)
        for row in products.indices {
          products[row] = (0..<columns).map { column in
            (0..<depth).reduce(0) { $0 + a.double(row, $1) * weight.double(column, $1) }
          }
        }
        // one rounding a step, of sums that grow like the root of the depth
        let tolerance = 2e-6 + 1e-6 * Double(depth).squareRoot()
        withEvery(
          "bias, activation, index, parts",
          in: [
            (true, 1, false, 1), (false, 0, true, 2), (true, 2, true, 3), (true, 3, false, 1),
            (false, 4, false, 9), (true, 5, true, 1),
          ]
        ) { hasBias, activation, indexed, parts in
          let y = Matrix(rows, columns)
          var op = unsafe base
          unsafe fill(&op, a, panels, bias, columns: columns)
          unsafe op.rows = UInt32(rows)
          unsafe op.parts = UInt32(parts)
          if !hasBias { unsafe op.bias = nil }
          unsafe op.activation = ck_activation(rawValue: UInt32(activation))
          unsafe op.index = indexed ? index.constPointer : nil
          unsafe op.y = y.pointer
          unsafe op.ldy = y.ld
          unsafe run(ck_gemm_f32_panel, op, tasks: parts)
          y.expectEqual(tolerance) { r, c in
            activated(products[indexed ? Int(index[r]) : r][c] + (hasBias ? Double(bias[c]) : 0), activation)
          }
        }
      }
    }
  }

  /// An element is the same to the last bit whatever the parts, and whatever rows are computed beside it.
  @Test func noCutChangesABit() {
    let (rows, columns, depth) = (61, 400, 900)
    var generator = Generator(seed: 4)
    let a = Matrix(rows, depth, random: &generator)
    let panels = packed(Matrix(columns, depth, gap: 0, random: &generator))
    let bias = GuardedMemory(generator.floats(columns))
    unsafe withEveryTier { base in
      var op = unsafe base
      unsafe fill(&op, a, panels, bias, columns: columns)
      unsafe op.activation = CK_ACTIVATION_GELU
      func product(_ count: Int, parts: Int) -> Matrix {
        let y = Matrix(count, columns)
        unsafe op.rows = UInt32(count)
        unsafe op.parts = UInt32(parts)
        unsafe op.y = y.pointer
        unsafe op.ldy = y.ld
        unsafe run(ck_gemm_f32_panel, op, tasks: parts)
        return y
      }
      let whole = product(rows, parts: 1)
      withEvery("parts", in: [2, 3, 4, 7, 25, 40]) { parts in
        expect(product(rows, parts: parts).bits == whole.bits, "the bits differ from one part's")
      }
      withEvery("rows", in: 1...25) { count in
        expect(
          product(count, parts: 2).bits == Array(whole.bits.prefix(count * columns)),
          "the bits differ from those among \(rows) rows")
      }
    }
  }
}
