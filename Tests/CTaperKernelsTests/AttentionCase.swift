import CTaperKernels
import Glibc

/// Inputs of one attention and what they must give, in double precision.
struct AttentionCase {
  /// Where positions come from: none needed, row numbers, or the origin table.
  enum Bias: CaseIterable {
    case none
    case byRow
    case byOrigin
  }

  let rows: Int
  let keys: Int
  let heads: Int
  let width: Int
  let extent: Int
  let scale: Float
  let bias: Bias
  let query: Matrix
  let key: Matrix
  let value: Matrix
  let index: GuardedMemory<UInt32>?
  let origin: GuardedMemory<UInt32>
  let table: GuardedMemory<Float>

  /// Cases of equal `seed` (the rows, unless given), keys and heads have equal operands.
  init(rows: Int, keys: Int, heads: Int, width: Int, indexed: Bool, bias: Bias, seed: Int? = nil) {
    var generator = Generator(seed: UInt64((seed ?? rows) * 1000 + keys * 10 + heads))
    self.rows = rows
    self.keys = keys
    self.heads = heads
    self.width = width
    self.bias = bias
    extent = keys + 20
    scale = 1 / Float(width).squareRoot()
    query = Matrix(keys, heads * width, gap: 3, random: &generator)
    key = Matrix(keys, heads * width, gap: 1, random: &generator)
    value = Matrix(keys, heads * width, gap: 2, random: &generator)
    origin = GuardedMemory(generator.rows(keys, below: extent))
    table = GuardedMemory(generator.floats(heads * (2 * extent - 1)))
    // last, so that all else is the same with and without it
    index = indexed ? GuardedMemory(generator.rows(rows, below: keys)) : nil
  }

  func row(ofQuery i: Int) -> Int { index.map { Int($0[i]) } ?? i }

  private func position(_ row: Int) -> Int { bias == .byOrigin ? Int(origin[row]) : row }

  func probabilities(head: Int, query i: Int) -> [Double] {
    softmaxReference(scores(head: head, query: i) { $0 })
  }

  private func scores(head: Int, query i: Int, of operand: (Double) -> Double) -> [Double] {
    let row = row(ofQuery: i)
    return (0..<keys).map { j in
      var score = 0.0
      for d in 0..<width {
        score +=
          operand(query.double(row, head * width + d)) * operand(key.double(j, head * width + d))
      }
      score *= Double(scale)
      if bias != .none {
        score += Double(table[head * (2 * extent - 1) + position(j) - position(row) + extent - 1])
      }
      return score
    }
  }

  /// The result with operands and weights rounded to bf16, and the weights' column sums by head.
  func roundedContext() -> (context: [[Double]], sums: [[Double]]) {
    var context = [[Double]](repeating: [Double](repeating: 0, count: heads * width), count: rows)
    var sums = [[Double]](repeating: [Double](repeating: 0, count: keys), count: heads)
    for i in 0..<rows {
      for head in 0..<heads {
        let scores = scores(head: head, query: i, of: roundedToBF16)
        let largest = scores.max() ?? 0
        let exponentials = scores.map { exp($0 - largest) }
        let total = exponentials.reduce(0, +)
        for (j, exponential) in exponentials.enumerated() {
          let weight = roundedToBF16(exponential) / total
          sums[head][j] += weight
          for d in head * width..<(head + 1) * width {
            context[i][d] += weight * roundedToBF16(value.double(j, d))
          }
        }
      }
    }
    return (context, sums)
  }

  /// The attention's result: [rows, heads · width].
  func context() -> [[Double]] {
    (0..<rows).map { i in
      var row = [Double](repeating: 0, count: heads * width)
      for head in 0..<heads {
        for (j, p) in probabilities(head: head, query: i).enumerated() {
          for d in head * width..<(head + 1) * width { row[d] += p * value.double(j, d) }
        }
      }
      return row
    }
  }

  /// The op without outputs and scratch.
  func op(_ base: ck_op) -> ck_op {
    var op = unsafe base
    unsafe op.rows = UInt32(rows)
    unsafe op.inner_rows = UInt32(keys)
    unsafe op.depth = UInt32(width)
    unsafe op.heads = UInt32(heads)
    unsafe op.columns = UInt32(heads * width)
    unsafe op.extent = UInt32(extent)
    unsafe op.scale = scale
    unsafe op.a = query.constPointer
    unsafe op.lda = query.ld
    unsafe op.b = key.constPointer
    unsafe op.ldb = key.ld
    unsafe op.c = value.constPointer
    unsafe op.ldc = value.ld
    unsafe op.index = index?.constPointer
    unsafe op.origin = bias == .byOrigin ? origin.constPointer : nil
    unsafe op.bias = bias == .none ? nil : table.constPointer
    return unsafe op
  }
}

/// To nearest, ties to even.
private func roundedToBF16(_ value: Double) -> Double {
  let bits = Float(value).bitPattern
  return Double(Float(bitPattern: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000))
}
