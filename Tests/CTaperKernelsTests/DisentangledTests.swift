import CTaperKernels
import Testing

/// Attention's scores with disentangled positions, against the definition.
@Suite struct DisentangledTests {
  @Test func scoresAreTheDefinition() {
    unsafe withEveryTier { base in
      withEvery("tokens", in: [1, 2, 15, 17, 64, 65, 131]) { tokens in
        withEvery("depth", in: [3, 16, 40]) { depth in
          withEvery("origin", in: [false, true]) { moved in
            let heads = 2
            let reach = moved ? 2 * tokens + 3 : tokens
            var generator = Generator(seed: UInt64(tokens * 100 + depth))
            let queries = Matrix(tokens, heads * depth, random: &generator)
            let keys = Matrix(tokens, heads * depth, gap: 1, random: &generator)
            let ofQueries = Matrix(2 * reach - 1, heads * depth, gap: 0, random: &generator)
            let ofKeys = Matrix(2 * reach - 1, heads * depth, gap: 0, random: &generator)
            // Ascending, with gaps.
            let origin = GuardedMemory((0..<tokens).map { UInt32($0 + ($0 + 1) / 2) })
            let y = Matrix(heads * tokens, tokens, gap: 0)
            let sums = Matrix(heads, tokens, gap: 0)
            let stride = ck_attention_scratch(UInt32(tokens))
            let scratch = GuardedMemory([Float](repeating: 0, count: stride))
            var op = unsafe base
            unsafe op.rows = UInt32(tokens)
            unsafe op.inner_rows = UInt32(tokens)
            unsafe op.heads = UInt32(heads)
            unsafe op.depth = UInt32(depth)
            unsafe op.extent = UInt32(reach)
            unsafe op.scale = 0.1
            unsafe op.a = queries.constPointer
            unsafe op.lda = queries.ld
            unsafe op.b = keys.constPointer
            unsafe op.ldb = keys.ld
            unsafe op.table0 = ofQueries.constPointer
            unsafe op.table1 = ofKeys.constPointer
            unsafe op.origin = moved ? origin.constPointer : nil
            unsafe op.y = y.pointer
            unsafe op.y2 = sums.pointer
            unsafe op.scratch = scratch.pointer
            unsafe op.scratch_stride = stride
            unsafe run(ck_disentangled_scores, op, tasks: heads)
            let wanted = (0..<heads).flatMap { head in
              (0..<tokens).map { i in
                softmaxReference(
                  (0..<tokens).map { j in
                    let distance = moved ? Int(origin[j]) - Int(origin[i]) : j - i
                    let row = distance + reach - 1
                    return (head * depth..<(head + 1) * depth).reduce(0.0) { sum, column in
                      sum + 0.1
                        * (queries.double(i, column) * keys.double(j, column)
                          + queries.double(i, column) * ofQueries.double(row, column)
                          + keys.double(j, column) * ofKeys.double(row, column))
                    }
                  })
              }
            }
            y.expectEqual(1e-5) { r, c in wanted[r][c] }
            sums.expectEqual(1e-4) { head, c in
              (0..<tokens).reduce(0.0) { $0 + wanted[head * tokens + $1][c] }
            }
          }
        }
      }
    }
  }
}
