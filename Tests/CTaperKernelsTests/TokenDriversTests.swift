import CTaperKernels
import Testing

@Suite struct TokenDriversTests {
  @Test func iota() {
    withEvery("rows", in: rowCounts) { rows in
      let numbers = GuardedMemory([UInt32](repeating: 99, count: rows))
      var op = unsafe ck_op()
      unsafe op.rows = UInt32(rows)
      unsafe op.index_out = numbers.pointer
      unsafe run(ck_iota, op, tasks: 1)
      expect(numbers.values == (0..<UInt32(rows)).map { $0 }, "\(numbers.values)")
    }
  }

  @Test func compose() {
    var generator = Generator(seed: 3)
    withEvery("rows", in: rowCounts) { rows in
      let before = generator.rows(rows + 9, below: 3 * rows + 20)
      let kept = generator.rows(rows, below: rows + 9)
      let positions = GuardedMemory(before)
      let index = GuardedMemory(kept)
      var op = unsafe ck_op()
      unsafe op.rows = UInt32(rows)
      unsafe op.index = index.constPointer
      unsafe op.index_out = positions.pointer
      unsafe run(ck_compose, op, tasks: 1)
      let wanted = kept.map { before[Int($0)] } + before[rows...]
      expect(positions.values == wanted, "\(positions.values), wanted \(wanted)")
    }
  }

  /// Scores as select must see them, sorted by Swift: largest first, NaN last, ties by row.
  private func selected(_ scores: [Float], keep: Int) -> [UInt32] {
    let clean = scores.map { $0.isNaN ? -Float.infinity : $0 }
    let order = clean.indices.dropFirst().sorted {
      clean[$0] != clean[$1] ? clean[$0] > clean[$1] : $0 < $1
    }
    return ([0] + order.prefix(keep - 1).sorted()).map(UInt32.init)
  }

  private let patterns = ["random", "ties", "equal", "ascending", "descending", "NaN", "infinite"]

  private func scores(_ pattern: String, _ count: Int, _ generator: inout Generator) -> [Float] {
    switch pattern {
    case "ties": (0..<count).map { _ in Float(Int.random(in: 0..<3, using: &generator)) }
    case "equal": [Float](repeating: 0.5, count: count)
    case "ascending": (0..<count).map(Float.init)
    case "descending": (0..<count).map { -Float($0) }
    case "NaN": generator.floats(count).map { $0 > 1 ? .nan : $0 }
    case "infinite": generator.floats(count).map { $0 > 1 ? .infinity : $0 < -1 ? -.infinity : $0 }
    default: generator.floats(count)
    }
  }

  @Test func select() {
    var generator = Generator(seed: 4)
    unsafe withEveryTier { base in
      withEvery("tokens", in: [1, 2, 3, 15, 16, 17, 64, 129, 512]) { tokens in
        withEvery("scores", in: patterns) { pattern in
          withEvery("heads", in: [1, 4]) { heads in
            // all but the first head add zeros and ones, so that sums are exact
            let first = scores(pattern, tokens, &generator)
            let partial = Matrix(heads, tokens, gap: 0) { h, j in h == 0 ? first[j] : Float((h + j) % 2) }
            let sums = (0..<tokens).map { j in
              (0..<heads).reduce(Float(0)) { $0 + partial[$1, j] }
            }
            let counts = Set([1, 2, tokens / 3, tokens / 2, tokens - 1, tokens])
            withEvery("keep", in: counts.filter((1...tokens).contains).sorted()) { keep in
              let kept = GuardedMemory([UInt32](repeating: 9999, count: keep))
              let scratch = GuardedMemory([Float](repeating: .nan, count: 2 * tokens))
              var op = unsafe base
              unsafe op.rows = UInt32(keep)
              unsafe op.inner_rows = UInt32(tokens)
              unsafe op.heads = UInt32(heads)
              unsafe op.a = partial.constPointer
              unsafe op.index_out = kept.pointer
              unsafe op.scratch = scratch.pointer
              unsafe op.scratch_stride = 2 * tokens
              unsafe run(ck_select, op, tasks: 1)
              let wanted = selected(sums, keep: keep)
              expect(kept.values == wanted, "kept \(kept.values), wanted \(wanted)")
            }
          }
        }
      }
    }
  }

  @Test func selectAbove() {
    var generator = Generator(seed: 14)
    unsafe withEveryTier { base in
      withEvery("tokens", in: [1, 2, 17, 64, 129]) { tokens in
        withEvery("scores", in: patterns) { pattern in
          let sums = scores(pattern, tokens, &generator)
          let partial = Matrix(1, tokens, gap: 0) { _, j in sums[j] }
          withEvery("threshold", in: [-Float.greatestFiniteMagnitude, 0, 0.5, 1e9]) { threshold in
            withEvery("ceiling", in: Set([1, (tokens + 2) / 3, tokens]).sorted()) { ceiling in
              let kept = GuardedMemory([UInt32](repeating: 9999, count: ceiling))
              let count = GuardedMemory([UInt32(77)])
              let scratch = GuardedMemory([Float](repeating: .nan, count: 2 * tokens))
              var op = unsafe base
              unsafe op.rows = UInt32(ceiling)
              unsafe op.inner_rows = UInt32(tokens)
              unsafe op.heads = 1
              unsafe op.scale = threshold
              unsafe op.a = partial.constPointer
              unsafe op.index_out = kept.pointer
              unsafe op.count_out = count.pointer
              unsafe op.scratch = scratch.pointer
              unsafe run(ck_select_above, op, tasks: 1)
              let above = sums.dropFirst().count { $0 >= threshold }
              let keep = min(ceiling, 1 + above)
              let wanted = selected(sums, keep: keep) + [UInt32](repeating: 9999, count: ceiling - keep)
              expect(
                count.values == [UInt32(keep)] && kept.values == wanted,
                "kept \(count.values): \(kept.values), wanted \(wanted)")
            }
          }
        }
      }
    }
  }

  /// Rows restored as they are, or one row for all (spread).
  @Test(arguments: [false, true]) func restoring(isSpread: Bool) {
    var generator = Generator(seed: 5)
    withEvery("rows", in: rowCounts) { rows in
      withEvery("columns", in: [1, 16, 33]) { columns in
        let inner = rows + 6
        let a = Matrix(isSpread ? 1 : inner, columns, random: &generator)
        let kept = generator.rows(rows, below: inner)
        let index = GuardedMemory(kept)
        let origins = generator.rows(inner, below: 2 * inner)
        let origin = GuardedMemory(origins)
        withEvery("origin", in: [true, false]) { hasOrigin in
          withEvery("index", in: [true, false]) { indexed in
            let y = Matrix(2 * inner, columns) { r, c in Float(-r - c) }
            var op = unsafe ck_op()
            unsafe op.rows = UInt32(rows)
            unsafe op.inner_rows = UInt32(inner)
            unsafe op.columns = UInt32(columns)
            unsafe op.a = a.constPointer
            unsafe op.lda = a.ld
            unsafe op.y = y.pointer
            unsafe op.ldy = y.ld
            unsafe op.index = indexed ? index.constPointer : nil
            unsafe op.origin = hasOrigin ? origin.constPointer : nil
            unsafe run(isSpread ? ck_spread : ck_scatter, op, tasks: 1)
            var source = [Int: Int]()  // target row: source row
            for j in 0..<(indexed ? inner : rows) where !indexed || !kept.contains(UInt32(j)) {
              source[hasOrigin ? Int(origins[j]) : j] = isSpread ? 0 : j
            }
            y.expectEqual(0) { r, c in source[r].map { a.double($0, c) } ?? Double(-r - c) }
          }
        }
      }
    }
  }

  /// Scores by id, less a penalty for the same id earlier, the last for all more.
  @Test func wordScores() {
    var generator = Generator(seed: 21)
    withEvery("tokens", in: [1, 2, 17, 64, 129]) { tokens in
      withEvery("penalties", in: [1, 2, 5]) { penalties in
        let vocabulary = 7
        let ids = (0..<tokens).map { _ in UInt32.random(in: 0..<UInt32(vocabulary), using: &generator) }
        let table = generator.floats(vocabulary)
        let penalty = generator.floats(penalties)
        let (idMemory, scores) = (GuardedMemory(ids), GuardedMemory([Float](repeating: .nan, count: tokens)))
        let (tableMemory, penaltyMemory) = (GuardedMemory(table), GuardedMemory(penalty))
        var op = unsafe ck_op()
        unsafe op.rows = UInt32(tokens)
        unsafe op.inner_rows = UInt32(tokens)
        unsafe op.columns = 1
        unsafe op.depth = UInt32(penalties)
        unsafe op.ids = idMemory.constPointer
        unsafe op.table0 = tableMemory.constPointer
        unsafe op.table1 = penaltyMemory.constPointer
        unsafe op.y = scores.pointer
        unsafe run(ck_word_scores, op, tasks: 1)
        let wanted = ids.indices.map { j in
          table[Int(ids[j])] - penalty[min(ids[..<j].count { $0 == ids[j] }, penalties - 1)]
        }
        expect(scores.values == wanted, "\(scores.values), wanted \(wanted)")
      }
    }
  }

  @Test func meanOfDroppedRows() {
    var generator = Generator(seed: 22)
    unsafe withEveryTier { base in
      withEvery("rows", in: rowCounts) { rows in
        withEvery("dropped", in: [0, 1, 6]) { dropped in
          withEvery("index", in: [true, false]) { indexed in
            let (inner, columns) = (rows + dropped, 33)
            let a = Matrix(inner, columns, random: &generator)
            let kept = generator.rows(rows, below: inner)
            let index = GuardedMemory(kept)
            let y = Matrix(1, columns)
            var op = unsafe base
            unsafe op.rows = UInt32(rows)
            unsafe op.inner_rows = UInt32(inner)
            unsafe op.columns = UInt32(columns)
            unsafe op.a = a.constPointer
            unsafe op.lda = a.ld
            unsafe op.index = indexed ? index.constPointer : nil
            unsafe op.y = y.pointer
            unsafe op.ldy = y.ld
            unsafe run(ck_mean_dropped, op, tasks: 1)
            let rest = (0..<inner).filter { indexed && !kept.contains(UInt32($0)) }
            y.expectEqual(1e-6) { _, c in
              rest.isEmpty ? 0 : rest.map { a.double($0, c) }.reduce(0, +) / Double(rest.count)
            }
          }
        }
      }
    }
  }

  @Test func mean() {
    var generator = Generator(seed: 6)
    unsafe withEveryTier { base in
      withEvery("rows", in: rowCounts) { rows in
        withEvery("columns", in: columnCounts) { columns in
          let a = Matrix(rows, columns, random: &generator)
          let y = Matrix(1, columns)
          var op = unsafe base
          unsafe op.rows = 1
          unsafe op.inner_rows = UInt32(rows)
          unsafe op.columns = UInt32(columns)
          unsafe op.a = a.constPointer
          unsafe op.lda = a.ld
          unsafe op.y = y.pointer
          unsafe op.ldy = y.ld
          unsafe run(ck_mean, op, tasks: 1)
          y.expectEqual(1e-6) { _, c in (0..<rows).map { a.double($0, c) }.reduce(0, +) / Double(rows) }
        }
      }
    }
  }

  /// Poolings and functions of one input, each by its definition in ck_op.h.
  private func pooled(_ name: String, _ values: [Double], _ origin: [UInt32]?) -> Double {
    switch name {
    case "largest": return values.max()!
    case "sum": return values.reduce(0, +)
    case "mean": return values.reduce(0, +) / Double(values.count)
    case "sum over root": return values.reduce(0, +) / Double(values.count).squareRoot()
    case "weighted mean":
      let weights = values.indices.map { Double((origin?[$0] ?? UInt32($0)) + 1) }
      return zip(values, weights).reduce(0) { $0 + $1.0 * $1.1 } / weights.reduce(0, +)
    default: return values.last!
    }
  }

  private func pool(
    _ name: String, _ base: ck_op, _ a: Matrix, rows: Int, columns: Int, first: Int = 0,
    origin: GuardedMemory<UInt32>? = nil
  ) -> Matrix {
    let y = Matrix(1, columns)
    var op = unsafe base
    unsafe op.rows = 1
    unsafe op.inner_rows = UInt32(rows)
    unsafe op.first_row = UInt32(first)
    unsafe op.columns = UInt32(columns)
    unsafe op.scale = name == "sum over root" ? 0.5 : 0
    unsafe op.a = a.constPointer
    unsafe op.lda = a.ld
    unsafe op.y = y.pointer
    unsafe op.ldy = y.ld
    if let origin { unsafe op.origin = origin.constPointer }
    switch name {
    case "mean": unsafe run(ck_mean, op, tasks: 1)
    case "largest": unsafe run(ck_largest, op, tasks: 1)
    case "sum", "sum over root": unsafe run(ck_sum, op, tasks: 1)
    case "weighted mean": unsafe run(ck_weighted_mean, op, tasks: 1)
    default: unsafe run(ck_last_row, op, tasks: 1)
    }
    return y
  }

  @Test func otherPoolings() {
    var generator = Generator(seed: 16)
    unsafe withEveryTier { base in
      withEvery("rows", in: rowCounts) { rows in
        withEvery("columns", in: columnCounts) { columns in
          let a = Matrix(rows, columns, random: &generator)
          let origins = generator.rows(rows, below: 3 * rows)
          let origin = GuardedMemory(origins)
          withEvery("pooling", in: ["largest", "sum", "sum over root", "weighted mean", "last row"]) { name in
            let y = unsafe pool(name, base, a, rows: rows, columns: columns)
            y.expectEqual(2e-6 * Double(rows)) { _, c in pooled(name, (0..<rows).map { a.double($0, c) }, nil)
            }
          }
          let y = unsafe pool("weighted mean", base, a, rows: rows, columns: columns, origin: origin)
          y.expectEqual(2e-6) { _, c in
            pooled("weighted mean", (0..<rows).map { a.double($0, c) }, origins)
          }
        }
      }
    }
  }

  /// The rows before `first_row` do not count; of none the result is zero, and the largest −∞.
  @Test func firstRowsAreLeftOut() {
    var generator = Generator(seed: 17)
    let a = Matrix(5, 3, random: &generator)
    let origins = GuardedMemory((0..<5).map { UInt32($0) })
    unsafe withEveryTier { base in
      withEvery("pooling", in: ["mean", "largest", "sum", "sum over root", "weighted mean"]) { name in
        withEvery("first", in: [1, 3, 5, 9]) { first in
          let y = unsafe pool(name, base, a, rows: 5, columns: 3, first: first)
          y.expectEqual(1e-6) { _, c in
            guard first < 5 else { return name == "largest" ? -.infinity : 0 }
            let values = (first..<5).map { a.double($0, c) }
            return pooled(name, values, (first..<5).map { UInt32($0) })
          }
          guard name == "weighted mean" else { return }
          let same = unsafe pool(name, base, a, rows: 5, columns: 3, first: first, origin: origins)
          expect((0..<3).allSatisfy { same[0, $0] == y[0, $0] }, "row i is at position i")
        }
      }
    }
  }

  /// A column with a NaN has no largest element, wherever it is.
  @Test(arguments: 0..<3) func theLargestOfNaNIsNaN(row: Int) {
    let a = Matrix(3, 2) { r, c in r == row && c == 1 ? .nan : Float(r) }
    unsafe withEveryTier { base in
      let y = unsafe pool("largest", base, a, rows: 3, columns: 2)
      expect(y[0, 0] == 2 && y[0, 1].isNaN, "\(y[0, 0]), \(y[0, 1])")
    }
  }
}
