import CTaperKernels
import Glibc
import Testing

/// Packed bf16 and i8 products. What must be equal: i8 up to bias and ReLU is the scalar reference bit for bit on every
/// tier, and bf16 within the rounding of f32 sums; GELU is within 4e-5, and what is made of the linear result by the
/// other activations is bit for bit what the tier's own bias_activation makes of it; and no result depends on parts, on
/// the other rows or on the index.
@Suite struct LowPrecisionProductTests {
  private let shapes = [
    (1, 1, 1), (1, 17, 3), (2, 16, 4), (3, 97, 5), (4, 96, 2), (5, 209, 6), (6, 33, 64), (7, 31, 130),
    (8, 48, 384),
    (9, 49, 385), (12, 112, 100), (13, 100, 33), (14, 177, 390), (15, 64, 9), (17, 385, 7), (300, 20, 8),
    // whole steps of tiles and pairs of panels
    (1, 32, 64), (17, 64, 64), (35, 32, 128), (50, 96, 384),
  ]

  private func withEveryCase(_ body: (ck_op, PackedOperands, inout Generator) -> Void) {
    unsafe withEveryTier { base in
      withEvery("precision", in: PackedOperands.Precision.allCases) { precision in
        withEvery("rows, columns, depth", in: shapes) { rows, columns, depth in
          var generator = Generator(seed: UInt64(rows * 1000 + depth))
          let operands = PackedOperands(
            precision, rows: rows, columns: columns, depth: depth, generator: &generator)
          unsafe body(base, operands, &generator)
        }
      }
    }
  }

  @Test func agreesWithTheScalarReference() {
    var scalar = unsafe ck_op()
    unsafe scalar.table = ck_kernels(CK_TIER_SCALAR)
    unsafe withEveryCase { base, operands, _ in
      withEvery(
        "bias, activation",
        in: [(true, 0), (false, 0), (true, 3), (false, 1), (true, 2), (true, 4), (true, 5)]
      ) {
        hasBias, raw in
        let activation = ck_activation(rawValue: UInt32(raw))
        let y = unsafe operands.result(operands.op(base, hasBias: hasBias), activation)
        let want = unsafe operands.result(operands.op(scalar, hasBias: hasBias), activation)
        if operands.precision.isCodes && (raw == 0 || raw == 3) {
          expect(y.bits == want.bits, "not the reference's bits")
        }
        let sums = operands.precision.isCodes ? 4e-7 : 3e-5
        y.expectEqual(raw == 1 ? sums + 4e-5 : sums) { want.double($0, $1) }
      }
    }
  }

  @Test func scalarReferenceIsTheDefinition() {
    var base = unsafe ck_op()
    unsafe base.table = ck_kernels(CK_TIER_SCALAR)
    withEvery("precision", in: PackedOperands.Precision.allCases) { precision in
      var generator = Generator(seed: 5)
      let operands = PackedOperands(precision, rows: 5, columns: 37, depth: 27, generator: &generator)
      unsafe operands.result(operands.op(base)).expectEqual(1e-6) { row, n in
        var sum = 0.0
        for k in 0..<27 { sum += Double(operands.left[row * 27 + k]) * Double(operands.right[n * 27 + k]) }
        if precision.isCodes { sum *= Double(operands.rowScale[row]) * Double(operands.columnScales[n]) }
        return sum + Double(operands.bias[n])
      }
    }
  }

  @Test func activationsAreTheTiersOwn() {
    unsafe withEveryCase { base, operands, _ in
      withEvery("activation", in: UInt32(2)..<6) { raw in
        let op = unsafe operands.op(base)
        let linear = unsafe operands.result(op)
        let y = unsafe operands.result(op, ck_activation(rawValue: raw))
        var activation = unsafe base
        unsafe activation.rows = op.rows
        unsafe activation.columns = op.columns
        unsafe activation.activation = ck_activation(rawValue: raw)
        unsafe activation.a = linear.constPointer
        unsafe activation.lda = linear.ld
        unsafe activation.y = linear.pointer
        unsafe activation.ldy = linear.ld
        unsafe run(ck_bias_activation, activation, tasks: rowTasks(operands.rows))
        expect(y.bits == linear.bits, "not the bits of the tier's bias_activation")
      }
    }
  }

  /// What a product of zeros makes of a bias is its activation alone.
  @Test func geluWithinFourHundredThousandths() {
    let ends: [Float] = [.infinity, 1e30, -1e30, -.infinity, .nan, 0, -0.0, 4.7, -4.7]
    let bias = GuardedMemory((-8000...8000).map { Float($0) / 1000 } + ends)
    let columns = bias.values.count
    unsafe withEveryTier { base in
      withEvery("precision", in: PackedOperands.Precision.allCases) { precision in
        var generator = Generator(seed: 3)
        let operands = PackedOperands(precision, rows: 1, columns: columns, depth: 1, generator: &generator)
        let zero = GuardedMemory<Float>([0, 0])
        var op = unsafe operands.op(base)
        unsafe op.bias = bias.constPointer
        unsafe op.a = zero.constPointer
        unsafe op.b = zero.constPointer
        let y = unsafe operands.result(op, CK_ACTIVATION_GELU)
        y.expectEqual(4e-5) { _, n in
          let x = Double(bias[n])
          return x == -.infinity ? 0 : x / 2 * (1 + erf(x / 2.0.squareRoot()))
        }
      }
    }
  }

  /// The bits of a product and an encode op after it, in rows and in tiles, and no other byte written.
  @Test func encodesItsResult() {
    unsafe withEveryCase { base, operands, generator in
      guard operands.precision == .bf16 else { return }
      let count = max(1, operands.rows / 2)
      let index = GuardedMemory(generator.rows(count, below: operands.rows))
      withEvery("index", in: [false, true]) { isIndexed in
        let op = unsafe operands.op(
          base, rows: isIndexed ? count : nil, index: isIndexed ? index : nil)
        // kernels have ways of their own for the first two
        withEvery("activation", in: [0, 1, operands.depth % 6]) { raw in
          let activation = ck_activation(rawValue: UInt32(raw))
          let plain = unsafe operands.result(op, activation)
          withEvery("layout", in: [CK_ENCODED_ROWS, CK_ENCODED_TILES]) { layout in
            var encode = unsafe base
            unsafe (encode.rows, encode.columns) = (op.rows, op.columns)
            unsafe encode.a = plain.constPointer
            unsafe encode.lda = plain.ld
            let want = unsafe EncodedRows(encode, .bf16, layout)
            unsafe run(ck_encode_bf16, want.op(encode), tasks: rowTasks(Int(op.rows)))
            withEvery("parts", in: [1, 3]) { parts in
              var fused = unsafe op
              unsafe (fused.parts, fused.activation) = (UInt32(parts), activation)
              let y = unsafe EncodedRows(encode, .bf16, layout)
              unsafe run(ck_gemm_encode_bf16, y.op(fused), tasks: parts)
              expect(y == want, "not the bits of a product and an encode op")
            }
          }
          withExtendedLifetime(plain) {}
        }
        withExtendedLifetime(index) {}
      }
    }
  }

  @Test func bitsDependOnNothingElse() {
    unsafe withEveryCase { base, operands, generator in
      let op = unsafe operands.op(base)
      let whole = unsafe operands.result(op)
      withEvery("parts", in: [2, 3, 8]) { parts in
        let y = unsafe operands.result(op, parts: parts)
        expect(y.bits == whole.bits, "another cut gives other bits")
        y.expectEqual(0) { whole.double($0, $1) }
      }
      let count = max(1, operands.rows / 2)
      let index = GuardedMemory(generator.rows(count, below: operands.rows))
      let some = unsafe operands.result(operands.op(base, rows: count, index: index))
      some.expectEqual(0) { whole.double(Int(index[$0]), $1) }
    }
  }

  @Test(.enabled(if: testedTiers.contains(CK_TIER_AMX), reasonWithoutAMX))
  func tilesOfAMX() {
    var base = unsafe ck_op()
    unsafe base.table = table(CK_TIER_AMX)
    var scalar = unsafe ck_op()
    unsafe scalar.table = ck_kernels(CK_TIER_SCALAR)
    withEvery("rows, columns, depth", in: [(16, 32, 64), (33, 100, 130), (70, 384, 384)]) {
      rows, columns, depth in
      var generator = Generator(seed: UInt64(rows))
      let operands = PackedOperands(
        .i8, rows: rows, columns: columns, depth: depth, generator: &generator)
      let y = unsafe operands.result(operands.op(base))
      let want = unsafe operands.result(operands.op(scalar))
      expect(y.bits == want.bits, "not the reference's bits")
    }
  }

  @Test func nothingSaturates() {
    unsafe withEveryTier { base in
      withEvery("precision", in: [PackedOperands.Precision.i8, .i8Pairs]) { precision in
        var generator = Generator(seed: 77)
        let operands = PackedOperands(
          precision, rows: 9, columns: 50, depth: 3072, extreme: true, generator: &generator)
        let y = unsafe operands.result(operands.op(base, hasBias: false))
        y.expectEqual(2e-7) { row, n in
          let sum = (0..<3072).reduce(0) {
            $0 + Int(operands.left[row * 3072 + $1]) * Int(operands.right[n * 3072 + $1])
          }
          return Double(sum) * Double(operands.rowScale[row]) * Double(operands.columnScales[n])
        }
      }
    }
  }
}
