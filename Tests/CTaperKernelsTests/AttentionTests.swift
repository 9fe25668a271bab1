import CTaperKernels
import Testing

@Suite struct AttentionTests {
  private let sizes = [
    (1, 1, 1, 4), (1, 9, 2, 3), (2, 16, 2, 8), (7, 7, 3, 5), (31, 33, 2, 16), (64, 64, 2, 7), (65, 70, 2, 16),
    (129, 130, 1, 32),
  ]

  private func withEveryCase(_ body: (ck_op, AttentionCase, Product) -> Void) {
    unsafe withEveryTier { base in
      withEvery("product", in: Product.allCases) { product in
        withEvery("rows, keys, heads, width", in: sizes) { rows, keys, heads, width in
          withEvery("bias", in: AttentionCase.Bias.allCases) { bias in
            withEvery("index", in: [false, true]) { indexed in
              let test = AttentionCase(
                rows: rows, keys: keys, heads: heads, width: width, indexed: indexed, bias: bias)
              unsafe body(test.op(base, product), test, product)
            }
          }
        }
      }
    }
  }

  private func fusedScratch(_ keys: Int) -> Int { Int(CK_ATTENTION_BLOCK) * ((keys + 15) / 16 * 16) }

  @Test func fused() {
    unsafe withEveryCase { op, test, _ in
      var op = unsafe op
      let y = Matrix(test.rows, test.heads * test.width)
      let scratch = GuardedMemory([Float](repeating: .nan, count: fusedScratch(test.keys)))
      unsafe op.y = y.pointer
      unsafe op.ldy = y.ld
      unsafe op.scratch = scratch.pointer
      unsafe op.scratch_stride = fusedScratch(test.keys)
      unsafe run(ck_attention, op, tasks: test.heads)
      let wanted = test.context()
      y.expectEqual(5e-6) { wanted[$0][$1] }
    }
  }

  @Test func fusedInPlaceOfTheQueries() {
    unsafe withEveryCase { op, test, _ in
      var op = unsafe op
      let y = test.query.copy()
      let scratch = GuardedMemory([Float](repeating: .nan, count: fusedScratch(test.keys)))
      unsafe op.a = y.constPointer
      unsafe op.y = y.pointer
      unsafe op.ldy = y.ld
      unsafe op.scratch = scratch.pointer
      unsafe op.scratch_stride = fusedScratch(test.keys)
      unsafe run(ck_attention, op, tasks: test.heads)
      let wanted = test.context()
      y.expectEqual(5e-6) { r, c in r < test.rows ? wanted[r][c] : test.query.double(r, c) }
    }
  }

  @Test func scoresThenContext() {
    unsafe withEveryCase { op, test, _ in
      let (keys, heads) = (test.keys, test.heads)
      let probabilities = Matrix(heads * keys, keys, gap: 0)
      let sums = Matrix(heads, keys, gap: 0)
      var op = unsafe op
      unsafe op.rows = UInt32(keys)
      unsafe op.index = nil
      unsafe op.y = probabilities.pointer
      unsafe op.y2 = sums.pointer
      unsafe run(ck_attention_scores, op, tasks: heads)
      // the scores cover every row, the context only the case's
      let all = AttentionCase(
        rows: test.rows, keys: keys, heads: heads, width: test.width, indexed: false, bias: test.bias)
      let wanted = (0..<heads).map { head in (0..<keys).map { all.probabilities(head: head, query: $0) } }
      probabilities.expectEqual(3e-6) { r, c in wanted[r / keys][r % keys][c] }
      sums.expectEqual(2e-5) { head, c in wanted[head].map { $0[c] }.reduce(0, +) }

      let y = Matrix(test.rows, heads * test.width)
      let scratch = GuardedMemory([Float](repeating: .nan, count: test.rows * keys))
      unsafe op.rows = UInt32(test.rows)
      unsafe op.index = test.index?.constPointer
      unsafe op.b = probabilities.constPointer
      unsafe op.y = y.pointer
      unsafe op.ldy = y.ld
      unsafe op.scratch = scratch.pointer
      unsafe op.scratch_stride = test.rows * keys
      unsafe run(ck_attention_context, op, tasks: heads)
      let context = test.context()
      y.expectEqual(5e-6) { context[$0][$1] }
    }
  }

  /// The two ways to one result: what an elimination layer computes is what the plain layer would.
  @Test func columnSumsAddUpToTheRows() {
    unsafe withEveryTier { base in
      let test = AttentionCase(rows: 65, keys: 65, heads: 2, width: 16, indexed: false, bias: .none)
      let probabilities = Matrix(2 * 65, 65, gap: 0)
      let sums = Matrix(2, 65, gap: 0)
      var op = unsafe test.op(base, .openBLAS)
      unsafe op.y = probabilities.pointer
      unsafe op.y2 = sums.pointer
      unsafe run(ck_attention_scores, op, tasks: 2)
      for head in 0..<2 {
        let total = (0..<65).map { sums.double(head, $0) }.reduce(0, +)
        expect(abs(total - 65) < 1e-4, "head \(head): every row sums to one, all of them to \(total)")
      }
    }
  }
}
