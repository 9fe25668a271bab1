import CTaperKernels
import Glibc
import Testing

/// Runs body for every tier, row count and column count, with rows, columns and table of the op set.
private func withEveryShape(_ body: (ck_op, Int, Int, inout Generator) -> Void) {
  unsafe withEveryTier { base in
    withEvery("rows", in: rowCounts) { rows in
      withEvery("columns", in: columnCounts) { columns in
        var op = unsafe base
        unsafe op.rows = UInt32(rows)
        unsafe op.columns = UInt32(columns)
        var generator = Generator(seed: UInt64(rows * 1000 + columns))
        unsafe body(op, rows, columns, &generator)
      }
    }
  }
}

/// A double-precision layer norm of one row.
private func normalized(_ row: [Double], gamma: [Float], beta: [Float], epsilon: Double) -> [Double] {
  let mean = row.reduce(0, +) / Double(row.count)
  let variance = row.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(row.count)
  let inverse = 1 / (variance + epsilon).squareRoot()
  return row.indices.map { (row[$0] - mean) * inverse * Double(gamma[$0]) + Double(beta[$0]) }
}

@Suite struct RowDriversTests {
  @Test func biasActivation() {
    unsafe withEveryShape { op, rows, columns, generator in
      let a = Matrix(rows, columns, random: &generator, in: -6...6)
      let bias = GuardedMemory(generator.floats(columns))
      withEvery("bias", in: [true, false]) { hasBias in
        withEvery("in place", in: [false, true]) { inPlace in
          withEvery("activation", in: 0..<6) { activation in
            let input = a.copy()
            let y = inPlace ? input : Matrix(rows, columns, gap: 5)
            var op = unsafe op
            unsafe op.a = input.constPointer
            unsafe op.lda = input.ld
            unsafe op.bias = hasBias ? bias.constPointer : nil
            unsafe op.y = y.pointer
            unsafe op.ldy = y.ld
            unsafe op.activation = ck_activation(rawValue: UInt32(activation))
            unsafe run(ck_bias_activation, op, tasks: rowTasks(rows))
            y.expectEqual(1e-6) { r, c in  // AccuracyTests has the tight bounds
              // the sum is rounded to float before the activation
              activated(Double(a[r, c] + (hasBias ? bias[c] : 0)), activation)
            }
          }
        }
      }
    }
  }

  @Test func gate() {
    unsafe withEveryShape { op, rows, columns, generator in
      let a = Matrix(rows, columns, random: &generator, in: -6...6)
      let b = Matrix(rows, columns, gap: 1, random: &generator)
      withEvery("in place", in: [false, true]) { inPlace in
        withEvery("activation", in: 0..<6) { activation in
          let input = a.copy()
          let y = inPlace ? input : Matrix(rows, columns, gap: 5)
          var op = unsafe op
          unsafe op.a = input.constPointer
          unsafe op.lda = input.ld
          unsafe op.b = b.constPointer
          unsafe op.ldb = b.ld
          unsafe op.y = y.pointer
          unsafe op.ldy = y.ld
          unsafe op.activation = ck_activation(rawValue: UInt32(activation))
          unsafe run(ck_gate, op, tasks: rowTasks(rows))
          y.expectEqual(2e-6) { r, c in activated(a.double(r, c), activation) * b.double(r, c) }
        }
      }
    }
  }

  /// Two heads, whose pairs turn by the angle of the row's position; an odd last column stays.
  @Test func rotate() {
    unsafe withEveryShape { op, rows, size, generator in
      let heads = 2
      let a = Matrix(rows, heads * size, random: &generator)
      let angles = Matrix(rows + 5, size, gap: 0, random: &generator, in: -1...1)
      let origin = GuardedMemory(generator.rows(rows, below: rows + 5))
      withEvery("origin", in: [false, true]) { moved in
        withEvery("in place", in: [false, true]) { inPlace in
          let input = a.copy()
          let y = inPlace ? input : Matrix(rows, heads * size, gap: 5)
          var op = unsafe op
          unsafe op.heads = UInt32(heads)
          unsafe op.depth = UInt32(size)
          unsafe op.extent = UInt32(rows + 5)
          unsafe op.table0 = angles.constPointer
          unsafe op.origin = moved ? origin.constPointer : nil
          unsafe op.a = input.constPointer
          unsafe op.lda = input.ld
          unsafe op.y = y.pointer
          unsafe op.ldy = y.ld
          unsafe run(ck_rotate, op, tasks: rowTasks(rows))
          let half = size / 2
          y.expectEqual(1e-6) { r, c in
            let (position, column) = (moved ? Int(origin[r]) : r, c % size)
            if column == 2 * half { return a.double(r, c) }
            let pair = column % half
            let (cosine, sine) = (angles.double(position, pair), angles.double(position, half + pair))
            return column < half
              ? a.double(r, c) * cosine - a.double(r, c + half) * sine
              : a.double(r, c) * cosine + a.double(r, c - half) * sine
          }
        }
      }
    }
  }

  @Test func add() {
    unsafe withEveryShape { op, rows, columns, generator in
      let a = Matrix(rows, columns, random: &generator)
      let b = Matrix(rows + 4, columns, gap: 1, random: &generator)
      let index = GuardedMemory(generator.rows(rows, below: rows + 4))
      withEvery("index", in: [true, false]) { indexed in
        withEvery("in place", in: [false, true]) { inPlace in
          let input = a.copy()
          let y = inPlace ? input : Matrix(rows, columns)
          var op = unsafe op
          unsafe op.a = input.constPointer
          unsafe op.lda = input.ld
          unsafe op.b = b.constPointer
          unsafe op.ldb = b.ld
          unsafe op.index = indexed ? index.constPointer : nil
          unsafe op.y = y.pointer
          unsafe op.ldy = y.ld
          unsafe run(ck_add, op, tasks: rowTasks(rows))
          y.expectEqual(0) { r, c in Double(a[r, c] + b[indexed ? Int(index[r]) : r, c]) }
        }
      }
    }
  }

  /// Where squares overflow a row is right or NaN, never beta alone.
  @Test func squaresThatOverflow() {
    unsafe withEveryTier { base in
      withEvery("columns", in: [5, 33, 384]) { columns in
        var generator = Generator(seed: 3)
        let a = Matrix(3, columns, random: &generator)
        unsafe a.pointer[a.leading + 2] = 1e20
        let (one, y) = (GuardedMemory([Float](repeating: 1, count: columns)), Matrix(3, columns))
        var op = unsafe base
        unsafe (op.rows, op.columns, op.epsilon) = (3, UInt32(columns), 1e-12)
        unsafe (op.a, op.lda, op.y, op.ldy) = (a.constPointer, a.ld, y.pointer, y.ld)
        unsafe (op.gamma, op.beta) = (one.constPointer, one.constPointer)
        unsafe run(ck_layer_norm, op, tasks: 1)
        for row in [0, 2] { expect(y.double(row, 0).isFinite, "the other rows are not concerned") }
        let spread = Double(columns - 1).squareRoot()
        for column in 0..<columns {
          let (found, wanted) = (y.double(1, column), 1 + (column == 2 ? spread : -1 / spread))
          expect(found.isNaN || abs(found - wanted) < 1e-5 * spread, "column \(column) is \(found)")
        }
      }
    }
  }

  @Test func layerNorm() {
    unsafe withEveryShape { op, rows, columns, generator in
      // an offset that would cost a one-pass variance all its digits
      let a = Matrix(rows, columns, random: &generator, in: 98...102)
      let b = Matrix(rows + 4, columns, gap: 1, random: &generator)
      let bias = GuardedMemory(generator.floats(columns))
      let gamma = GuardedMemory(generator.floats(columns))
      let beta = GuardedMemory(generator.floats(columns))
      let index = GuardedMemory(generator.rows(rows, below: rows + 4))
      withEvery("bias", in: [true, false]) { hasBias in
        withEvery("residual", in: ["none", "plain", "indexed"]) { residual in
          withEvery("in place", in: [false, true]) { inPlace in
            let input = a.copy()
            let y = inPlace ? input : Matrix(rows, columns)
            var op = unsafe op
            unsafe op.a = input.constPointer
            unsafe op.lda = input.ld
            unsafe op.b = residual == "none" ? nil : b.constPointer
            unsafe op.ldb = b.ld
            unsafe op.index = residual == "indexed" ? index.constPointer : nil
            unsafe op.bias = hasBias ? bias.constPointer : nil
            unsafe op.gamma = gamma.constPointer
            unsafe op.beta = beta.constPointer
            unsafe op.epsilon = 1e-3
            unsafe op.y = y.pointer
            unsafe op.ldy = y.ld
            unsafe run(ck_layer_norm, op, tasks: rowTasks(rows))
            let wanted = (0..<rows).map { r in
              let source = residual == "indexed" ? Int(index[r]) : r
              let row = (0..<columns).map { c in
                var sum = a[r, c]
                if hasBias { sum += bias[c] }
                if residual != "none" { sum += b[source, c] }
                return Double(sum)
              }
              return normalized(row, gamma: gamma.values, beta: beta.values, epsilon: 1e-3)
            }
            // at |a| ≈ 100 the mean is known to 4e-6, against a deviation of about 1
            y.expectEqual(columns < 4 ? 3e-4 : 3e-5) { r, c in wanted[r][c] }
          }
        }
      }
    }
  }

  @Test func embed() {
    unsafe withEveryShape { op, rows, columns, generator in
      let word = Matrix(50, columns, gap: 0, random: &generator)
      let position = Matrix(rows + 2, columns, gap: 0, random: &generator)
      let type = Matrix(2, columns, gap: 0, random: &generator)
      let gamma = GuardedMemory(generator.floats(columns))
      let beta = GuardedMemory(generator.floats(columns))
      let ids = GuardedMemory((0..<rows).map { _ in UInt32.random(in: 0..<50, using: &generator) })
      let typeIDs = GuardedMemory((0..<rows).map { _ in UInt32.random(in: 0..<2, using: &generator) })
      withEvery("types", in: ["no table", "no ids", "ids"]) { types in
        // nil: no position table
        withEvery("offset", in: [0, 2, nil]) { offset in
          withEvery("norm", in: [true, false]) { hasNorm in
            let y = Matrix(rows, columns)
            var op = unsafe op
            unsafe op.ids = ids.constPointer
            unsafe op.type_ids = types == "ids" ? typeIDs.constPointer : nil
            unsafe op.table0 = word.constPointer
            unsafe op.table1 = offset == nil ? nil : position.constPointer
            unsafe op.table2 = types == "no table" ? nil : type.constPointer
            unsafe op.extent = UInt32(offset ?? 0)
            unsafe op.gamma = hasNorm ? gamma.constPointer : nil
            unsafe op.beta = hasNorm ? beta.constPointer : nil
            unsafe op.epsilon = 1e-2
            unsafe op.y = y.pointer
            unsafe op.ldy = y.ld
            unsafe run(ck_embed, op, tasks: rowTasks(rows))
            let wanted = (0..<rows).map { r in
              let sum = (0..<columns).map { c in
                var sum = word.double(Int(ids[r]), c) + (offset.map { position.double(r + $0, c) } ?? 0)
                if types != "no table" { sum += type.double(types == "ids" ? Int(typeIDs[r]) : 0, c) }
                return sum
              }
              return hasNorm ? normalized(sum, gamma: gamma.values, beta: beta.values, epsilon: 1e-2) : sum
            }
            y.expectEqual(1e-5) { r, c in wanted[r][c] }
          }
        }
      }
    }
  }

  @Test func gather() {
    unsafe withEveryShape { op, rows, columns, generator in
      let a = Matrix(rows + 5, columns, random: &generator)
      let index = GuardedMemory(generator.rows(rows, below: rows + 5))
      withEvery("index", in: [true, false]) { indexed in
        let y = Matrix(rows, columns, gap: 2)
        var op = unsafe op
        unsafe op.a = a.constPointer
        unsafe op.lda = a.ld
        unsafe op.index = indexed ? index.constPointer : nil
        unsafe op.y = y.pointer
        unsafe op.ldy = y.ld
        unsafe run(ck_gather, op, tasks: rowTasks(rows))
        y.expectEqual(0) { r, c in a.double(indexed ? Int(index[r]) : r, c) }
      }
    }
  }

  @Test func l2Normalize() {
    unsafe withEveryShape { op, rows, columns, generator in
      withEvery("range", in: [Float(2), 1e-9]) { range in
        withEvery("in place", in: [false, true]) { inPlace in
          let a = Matrix(rows, columns, random: &generator, in: -range...range)
          let input = a.copy()
          let y = inPlace ? input : Matrix(rows, columns)
          var op = unsafe op
          unsafe op.a = input.constPointer
          unsafe op.lda = input.ld
          unsafe op.y = y.pointer
          unsafe op.ldy = y.ld
          unsafe op.epsilon = 1e-6
          unsafe run(ck_l2_normalize, op, tasks: rowTasks(rows))
          let norms = (0..<rows).map { r in
            (0..<columns).map { a.double(r, $0) * a.double(r, $0) }.reduce(0, +).squareRoot()
          }
          y.expectEqual(1e-6) { r, c in a.double(r, c) / max(norms[r], 1e-6) }
        }
      }
    }
  }

  @Test func softmax() {
    unsafe withEveryShape { op, rows, columns, generator in
      let a = Matrix(rows, columns, random: &generator, in: -30...30)
      withEvery("scale", in: [Float(1), 0.25]) { scale in
        withEvery("in place", in: [false, true]) { inPlace in
          let input = a.copy()
          let y = inPlace ? input : Matrix(rows, columns)
          var op = unsafe op
          unsafe op.a = input.constPointer
          unsafe op.lda = input.ld
          unsafe op.y = y.pointer
          unsafe op.ldy = y.ld
          unsafe op.scale = scale
          unsafe run(ck_softmax, op, tasks: rowTasks(rows))
          let wanted = (0..<rows).map { r in
            softmaxReference((0..<columns).map { a.double(r, $0) * Double(scale) })
          }
          y.expectEqual(5e-6) { r, c in wanted[r][c] }
        }
      }
    }
  }

  @Test func sigmoid() {
    unsafe withEveryShape { op, rows, columns, generator in
      let a = Matrix(rows, columns, random: &generator, in: -30...30)
      withEvery("in place", in: [false, true]) { inPlace in
        let input = a.copy()
        let y = inPlace ? input : Matrix(rows, columns)
        var op = unsafe op
        unsafe op.a = input.constPointer
        unsafe op.lda = input.ld
        unsafe op.y = y.pointer
        unsafe op.ldy = y.ld
        unsafe run(ck_sigmoid, op, tasks: rowTasks(rows))
        y.expectEqual(2e-7) { r, c in 1 / (1 + exp(-a.double(r, c))) }
      }
    }
  }

  @Test func log1p() {
    unsafe withEveryShape { op, rows, columns, generator in
      let a = Matrix(rows, columns, random: &generator, in: -30...30)
      let y = Matrix(rows, columns)
      var op = unsafe op
      unsafe op.a = a.constPointer
      unsafe op.lda = a.ld
      unsafe op.y = y.pointer
      unsafe op.ldy = y.ld
      unsafe run(ck_log1p, op, tasks: rowTasks(rows))
      y.expectEqual(5e-7) { r, c in log(1 + max(0, a.double(r, c))) }
    }
  }

  @Test func notANumberStaysInItsRow() {
    unsafe withEveryTier { base in
      withEvery("columns", in: [3, 16, 35]) { columns in
        let a = Matrix(3, columns) { r, c in r == 1 && c == columns - 1 ? .nan : Float(c) }
        let y = Matrix(3, columns)
        var op = unsafe base
        unsafe op.rows = 3
        unsafe op.columns = UInt32(columns)
        unsafe op.a = a.constPointer
        unsafe op.lda = a.ld
        unsafe op.y = y.pointer
        unsafe op.ldy = y.ld
        unsafe op.scale = 1
        unsafe run(ck_softmax, op, tasks: 1)
        let clean = softmaxReference((0..<columns).map(Double.init))
        y.expectEqual(1e-6) { r, c in r == 1 ? .nan : clean[c] }
      }
    }
  }
}
