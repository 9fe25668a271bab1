import CTaperKernels
import Testing

@Suite struct GemmTests {
  private let shapes = [
    (1, 1, 1), (1, 17, 3), (2, 16, 15), (7, 31, 16), (8, 33, 17), (9, 64, 31), (31, 65, 33), (64, 100, 64),
    (65, 385, 48),
  ]

  @Test func panelsBiasActivationAndIndex() {
    unsafe withEveryTier { base in
      withEvery("product", in: Product.allCases) { product in
        withEvery("rows, columns, depth", in: shapes) { rows, columns, depth in
          var generator = Generator(seed: UInt64(rows))
          let a = Matrix(rows + 3, depth, random: &generator, in: -1...1)
          let weight = Matrix(columns, depth, gap: 0, random: &generator, in: -1...1)
          let bias = GuardedMemory(generator.floats(columns))
          let index = GuardedMemory(generator.rows(rows, below: rows + 3))
          withEvery("parts", in: [1, 2, 3, 8]) { parts in
            withEvery(
              "bias, activation, index",
              in: [(true, 1, false), (false, 0, true), (true, 3, true), (false, 4, false)]
            ) {
              hasBias, activation, indexed in
              let y = Matrix(rows, columns)
              let scratch = GuardedMemory([Float](repeating: 0, count: indexed ? rows * depth : 0))
              var op = unsafe base
              unsafe op.rows = UInt32(rows)
              unsafe op.columns = UInt32(columns)
              unsafe op.depth = UInt32(depth)
              unsafe op.parts = UInt32(parts)
              unsafe op.a = a.constPointer
              unsafe op.lda = a.ld
              unsafe op.weight = UnsafeRawPointer(weight.constPointer)
              unsafe op.bias = hasBias ? bias.constPointer : nil
              unsafe op.activation = ck_activation(rawValue: UInt32(activation))
              unsafe op.index = indexed ? index.constPointer : nil
              unsafe op.scratch = scratch.pointer
              unsafe op.scratch_stride = rows * depth
              unsafe op.y = y.pointer
              unsafe op.ldy = y.ld
              unsafe run(product.driver, op, tasks: parts)
              y.expectEqual(2e-5) { r, c in
                let row = indexed ? Int(index[r]) : r
                var sum = hasBias ? Double(bias[c]) : 0
                for k in 0..<depth { sum += a.double(row, k) * weight.double(c, k) }
                return activated(sum, activation)
              }
            }
          }
        }
      }
    }
  }

  @Test func scalarProductFollowsBLAS() {
    let (m, n, k) = (5, 7, 3)
    var generator = Generator(seed: 1)
    withEvery("transA, transB", in: [(111, 111), (111, 112), (112, 111), (112, 112)]) { transA, transB in
      withEvery("alpha, beta", in: [(Float(1), Float(0)), (0.5, 1), (-2, 0.25)]) { alpha, beta in
        let a = transA == 111 ? Matrix(m, k, random: &generator) : Matrix(k, m, random: &generator)
        let b = transB == 111 ? Matrix(k, n, random: &generator) : Matrix(n, k, random: &generator)
        // with beta zero, c may hold anything
        let c = Matrix(m, n) { r, c in beta == 0 ? .nan : Float(r - c) }
        unsafe ck_sgemm_scalar(
          101, Int32(transA), Int32(transB), Int32(m), Int32(n), Int32(k), alpha, a.constPointer,
          Int32(a.leading),
          b.constPointer, Int32(b.leading), beta, c.pointer, Int32(c.leading))
        c.expectEqual(1e-6) { row, column in
          var sum = 0.0
          for p in 0..<k {
            sum +=
              (transA == 111 ? a.double(row, p) : a.double(p, row))
              * (transB == 111 ? b.double(p, column) : b.double(column, p))
          }
          return Double(alpha) * sum + (beta == 0 ? 0 : Double(beta) * Double(row - column))
        }
      }
    }
  }
}
