import CTaperKernels
import Testing

/// The encodings are the same bits on every tier.
@Suite struct EncodingTests {
  private enum Kind: CaseIterable { case plain, anyBits, zeros, tiny, infinite }

  private func row(_ kind: Kind, _ count: Int, _ generator: inout Generator) -> [Float] {
    switch kind {
    case .plain: return generator.floats(count, in: -3...3)
    case .anyBits:
      return (0..<count).map { _ in Float(bitPattern: UInt32.random(in: 0 ... .max, using: &generator)) }
    case .zeros: return (0..<count).map { $0 % 2 == 0 ? 0 : -0.0 }
    case .tiny:
      return (0..<count).map { _ in Float(bitPattern: UInt32.random(in: 0...200, using: &generator)) }
    case .infinite:
      return (0..<count).map { $0 % 5 == 3 ? [.infinity, -.infinity, .nan][$0 % 3] : Float($0) }
    }
  }

  private func bf16(_ x: Float) -> UInt16 {
    if x.isNaN { return UInt16(x.bitPattern >> 16) | 64 }
    let low = x.bitPattern & 0xFFFF
    let high = UInt16(x.bitPattern >> 16)
    return low > 0x8000 || low == 0x8000 && high % 2 == 1 ? high + 1 : high
  }

  private func codes(_ row: [Float]) -> (scale: Float, zero: Float, codes: [UInt8]) {
    let least = row.reduce(Float(0)) { $1 < $0 ? $1 : $0 }
    let largest = row.reduce(Float(0)) { $1 > $0 ? $1 : $0 }
    let range = largest / 254 - least / 254
    let scale = range == 0 ? 1 : range
    let inverse = 1 / scale
    func code(_ x: Float, _ zero: Float) -> Float {
      let code = (x * inverse).rounded(.toNearestOrEven)
      return code.isNaN ? zero : min(255, max(0, code + zero))
    }
    let zero = code(-least, 0)
    return (row.contains(where: \.isNaN) ? .nan : scale, zero, row.map { UInt8(code($0, zero)) })
  }

  /// In tiles a row has the same bytes, line by line, then zeros (of codes: the code of zero) to the line's end.
  @Test func tilesHoldTheRows() {
    unsafe withEveryTier { base in
      withEvery("rows", in: [1, 5, 16, 17, 40, 49]) { rows in
        withEvery("columns", in: [1, 2, 3, 5, 31, 32, 33, 63, 64, 65, 100, 384]) { columns in
          var generator = Generator(seed: UInt64(rows * 1000 + columns))
          let a = Matrix(rows, columns, random: &generator)
          withEvery("bytes of an element", in: [1, 2]) { bytes in
            let group = 4 / bytes
            let stored = (columns + group - 1) / group * group * bytes
            let lines = (columns * bytes + 63) / 64
            let inRows = GuardedMemory([UInt8](repeating: 7, count: rows * stored))
            let inTiles = GuardedMemory(
              [UInt8](repeating: 7, count: ck_encoded_tiles_bytes(UInt32(rows), columns * bytes)))
            let scales = GuardedMemory([Float](repeating: 7, count: 2 * rows))
            var op = unsafe base
            unsafe (op.rows, op.columns) = (UInt32(rows), UInt32(columns))
            unsafe (op.a, op.lda) = (a.constPointer, a.ld)
            unsafe op.y2 = scales.pointer
            unsafe op.ldy = UInt32(stored / bytes)
            for (y, layout) in [(inRows, CK_ENCODED_ROWS), (inTiles, CK_ENCODED_TILES)] {
              unsafe op.y = UnsafeMutableRawPointer(y.pointer).assumingMemoryBound(to: Float.self)
              unsafe op.y_layout = layout
              unsafe run(bytes == 1 ? ck_encode_i8 : ck_encode_bf16, op, tasks: rowTasks(rows))
            }
            let height = (rows + (rows + 15) / 16 - 1) / ((rows + 15) / 16)
            let (contiguous, tiled) = (inRows.values, inTiles.values)
            for row in 0..<rows {
              let padding = bytes == 1 ? UInt8(scales[2 * row + 1]) : 0
              let wanted =
                contiguous[row * stored..<(row + 1) * stored]
                + [UInt8](repeating: padding, count: lines * 64 - stored)
              let found = (0..<lines).flatMap { line in
                let place = (row / height * lines + line) * 1024 + row % height * 64
                return tiled[place..<place + 64]
              }
              expect(found == Array(wanted), "row \(row)")
            }
            expect(inTiles.isIntact, "memory before the tiles was written")
          }
        }
      }
    }
  }

  /// The bits of a norm and an encode op after it, in rows and in tiles, and no other byte written.
  @Test func normsThatEncode() {
    unsafe withEveryTier { base in
      withEvery("columns", in: [1, 3, 16, 17, 33, 64, 65, 384]) { columns in
        withEvery("rows", in: [1, 7, 8, 19, 33]) { rows in
          var generator = Generator(seed: UInt64(columns * rows))
          let a = Matrix(rows, columns, random: &generator)
          let b = Matrix(2 * rows, columns, random: &generator)
          let index = GuardedMemory(generator.rows(rows, below: 2 * rows))
          let vectors = (0..<4).map { _ in GuardedMemory(generator.floats(columns, in: 0.1...4)) }
          let hasMultiplier = rows % 2 == 0
          let normed = Matrix(rows, columns)
          var op = unsafe base
          unsafe (op.rows, op.columns, op.epsilon) = (UInt32(rows), UInt32(columns), 1e-5)
          unsafe (op.a, op.lda, op.y, op.ldy) = (a.constPointer, a.ld, normed.pointer, normed.ld)
          unsafe (op.b, op.ldb, op.index) = (b.constPointer, b.ld, index.constPointer)
          unsafe (op.gamma, op.beta) = (vectors[0].constPointer, vectors[1].constPointer)
          unsafe op.bias = vectors[2].constPointer
          unsafe run(ck_layer_norm, op, tasks: rowTasks(rows))
          var encode = unsafe base
          unsafe (encode.rows, encode.columns) = (op.rows, op.columns)
          unsafe (encode.a, encode.lda) = (normed.constPointer, normed.ld)
          let multiplier = unsafe hasMultiplier ? vectors[3].constPointer : nil
          withEvery("precision", in: [PackedOperands.Precision.bf16, .i8]) { precision in
            withEvery("layout", in: [CK_ENCODED_ROWS, CK_ENCODED_TILES]) { layout in
              let want = unsafe EncodedRows(encode, precision, layout)
              unsafe encode.gamma = precision == .i8 ? multiplier : nil
              unsafe run(
                precision == .i8 ? ck_encode_i8 : ck_encode_bf16, want.op(encode), tasks: rowTasks(rows))
              let y = unsafe EncodedRows(encode, precision, layout)
              // In place, as in plans.
              let inPlace = a.copy()
              var fused = unsafe y.op(op)
              unsafe (fused.a, fused.normed, fused.ldc) = (inPlace.constPointer, inPlace.pointer, inPlace.ld)
              unsafe fused.table0 = multiplier
              unsafe run(
                precision == .i8 ? ck_norm_encode_i8 : ck_norm_encode_bf16, fused, tasks: rowTasks(rows))
              expect(y == want, "not the bits of a norm and an encode op")
              expect(inPlace.bits == normed.bits, "not the bits of a norm")
              inPlace.expectEqual(0) { normed.double($0, $1) }
            }
          }
          withExtendedLifetime((a, b, index, vectors, normed)) {}
        }
      }
    }
  }

  /// The bits of an embed and an encode op after it, and no other byte written.
  @Test func embeddingsThatEncode() {
    unsafe withEveryTier { base in
      withEvery("columns", in: [1, 3, 17, 64, 65, 384]) { columns in
        withEvery("rows", in: [1, 7, 19]) { rows in
          var generator = Generator(seed: UInt64(columns * rows))
          let words = Matrix(30, columns, gap: 0, random: &generator)
          let (positions, types) = (
            Matrix(rows + 2, columns, gap: 0, random: &generator),
            Matrix(2, columns, gap: 0, random: &generator)
          )
          let ids = GuardedMemory((0..<rows).map { _ in UInt32.random(in: 0..<30, using: &generator) })
          let typeIDs = GuardedMemory((0..<rows).map { _ in UInt32.random(in: 0..<2, using: &generator) })
          let vectors = (0..<3).map { _ in GuardedMemory(generator.floats(columns, in: 0.1...4)) }
          withEvery("tables", in: ["words", "words, types", "all"]) { tables in
            let rowsApart = Matrix(rows, columns)
            var op = unsafe base
            unsafe (op.rows, op.columns, op.epsilon) = (UInt32(rows), UInt32(columns), 1e-5)
            unsafe (op.ids, op.type_ids) = (ids.constPointer, typeIDs.constPointer)
            unsafe op.table0 = words.constPointer
            unsafe op.table1 = tables == "all" ? positions.constPointer : nil
            unsafe op.table2 = tables == "words" ? nil : types.constPointer
            unsafe op.extent = 2
            unsafe (op.gamma, op.beta) = (vectors[0].constPointer, vectors[1].constPointer)
            unsafe (op.y, op.ldy) = (rowsApart.pointer, rowsApart.ld)
            unsafe run(ck_embed, op, tasks: rowTasks(rows))
            var encode = unsafe base
            unsafe (encode.rows, encode.columns) = (op.rows, op.columns)
            unsafe (encode.a, encode.lda) = (rowsApart.constPointer, rowsApart.ld)
            withEvery("precision", in: [PackedOperands.Precision.bf16, .i8]) { precision in
              withEvery("multiplier", in: precision == .i8 ? [false, true] : [false]) { hasMultiplier in
                withEvery("layout", in: [CK_ENCODED_ROWS, CK_ENCODED_TILES]) { layout in
                  let multiplier = unsafe hasMultiplier ? vectors[2].constPointer : nil
                  let want = unsafe EncodedRows(encode, precision, layout)
                  unsafe encode.gamma = multiplier
                  unsafe run(
                    precision == .i8 ? ck_encode_i8 : ck_encode_bf16, want.op(encode), tasks: rowTasks(rows))
                  let y = unsafe EncodedRows(encode, precision, layout)
                  let normed = Matrix(rows, columns)
                  var fused = unsafe y.op(op)
                  unsafe (fused.normed, fused.ldc) = (normed.pointer, normed.ld)
                  unsafe fused.bias = multiplier
                  unsafe run(
                    precision == .i8 ? ck_embed_encode_i8 : ck_embed_encode_bf16, fused,
                    tasks: rowTasks(rows))
                  expect(y == want, "not the bits of an embed and an encode op")
                  expect(normed.bits == rowsApart.bits, "not the bits of an embed op")
                }
              }
            }
          }
          withExtendedLifetime((words, positions, types, ids, typeIDs, vectors)) {}
        }
      }
    }
  }

  @Test func everyTierGivesTheDefinition() {
    unsafe withEveryTier { base in
      withEvery("kind", in: Kind.allCases) { kind in
        withEvery("columns", in: [1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 32, 33, 63, 65, 384, 385]) { columns in
          var generator = Generator(seed: UInt64(columns))
          let rows = 10
          let texts = (0..<rows).map { _ in row(kind, columns, &generator) }
          let a = Matrix(rows, columns) { texts[$0][$1] }
          let index = GuardedMemory([UInt32](arrayLiteral: 0, 2, 3, 9))
          let multiplier = GuardedMemory(generator.floats(columns, in: 0.1...4))
          withEvery("index, multiplier", in: [(false, false), (true, false), (true, true)]) {
            isIndexed, isMultiplied in
            let sources = isIndexed ? index.values.map(Int.init) : Array(0..<rows)
            var op = unsafe base
            unsafe op.rows = UInt32(sources.count)
            unsafe op.columns = UInt32(columns)
            unsafe op.a = a.constPointer
            unsafe op.lda = a.ld
            unsafe op.index = isIndexed ? index.constPointer : nil

            let halves = (columns + 1) / 2 * 2
            let y = GuardedMemory([UInt16](repeating: 7, count: sources.count * halves))
            unsafe op.y = UnsafeMutableRawPointer(y.pointer).assumingMemoryBound(to: Float.self)
            unsafe op.ldy = UInt32(halves)
            unsafe run(ck_encode_bf16, op, tasks: rowTasks(sources.count))
            let wantHalves = sources.flatMap {
              texts[$0].map(bf16) + [UInt16](repeating: 0, count: halves - columns)
            }
            expect(y.values == wantHalves && y.isIntact, "bf16")

            let bytes = (columns + 3) / 4 * 4
            let y8 = GuardedMemory([UInt8](repeating: 7, count: sources.count * bytes))
            let scales = GuardedMemory([Float](repeating: 7, count: 2 * sources.count))
            unsafe op.y = UnsafeMutableRawPointer(y8.pointer).assumingMemoryBound(to: Float.self)
            unsafe op.y2 = scales.pointer
            unsafe op.ldy = UInt32(bytes)
            unsafe op.gamma = isMultiplied ? multiplier.constPointer : nil
            unsafe run(ck_encode_i8, op, tasks: rowTasks(sources.count))
            let want = sources.map { source in
              codes(isMultiplied ? zip(texts[source], multiplier.values).map(*) : texts[source])
            }
            let wantBytes = want.flatMap {
              $0.codes + [UInt8](repeating: UInt8($0.zero), count: bytes - columns)
            }
            expect(y8.values == wantBytes && y8.isIntact, "i8 codes")
            let wantScales = want.flatMap { [$0.scale, $0.zero] }
            let areEqual = zip(scales.values, wantScales).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN }
            expect(areEqual && scales.isIntact, "i8 scales")
          }
        }
      }
    }
  }
}
