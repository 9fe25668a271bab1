import CTaperKernels
import Testing

/// A guarded row-major matrix whose rows lie `leading` elements apart; the gaps hold a pattern.
final class Matrix {
  static let gap: Float = -7777
  let rows: Int
  let columns: Int
  let leading: Int
  let memory: GuardedMemory<Float>

  /// With gap elements between rows, but none behind the last one.
  init(_ rows: Int, _ columns: Int, gap: Int = 3, _ element: (Int, Int) -> Float = { _, _ in -5555 }) {
    self.rows = rows
    self.columns = columns
    leading = columns + gap
    var values = [Float](repeating: Matrix.gap, count: max(0, (rows - 1) * leading + columns))
    for r in 0..<rows {
      for c in 0..<columns { values[r * leading + c] = element(r, c) }
    }
    memory = GuardedMemory(values)
  }

  convenience init(
    _ rows: Int, _ columns: Int, gap: Int = 3, random generator: inout Generator,
    in range: ClosedRange<Float> = -2...2
  ) {
    let values = generator.floats(rows * columns, in: range)
    self.init(rows, columns, gap: gap) { values[$0 * columns + $1] }
  }

  subscript(row: Int, column: Int) -> Float { memory[row * leading + column] }
  func double(_ row: Int, _ column: Int) -> Double { Double(self[row, column]) }
  var pointer: UnsafeMutablePointer<Float> { unsafe memory.pointer }
  var constPointer: UnsafePointer<Float> { unsafe memory.constPointer }
  var ld: UInt32 { UInt32(leading) }
  func copy() -> Matrix { Matrix(rows, columns, gap: leading - columns) { self[$0, $1] } }

  /// Bits of the elements.
  var bits: [UInt32] {
    (0..<rows).flatMap { r in (0..<columns).map { self[r, $0].bitPattern } }
  }

  /// Expects each element within tolerance · max(1, |wanted|), and everything outside untouched.
  func expectEqual(_ tolerance: Double, _ wanted: (Int, Int) -> Double) {
    var worst = (excess: 0.0, row: -1, column: -1)
    for r in 0..<rows {
      for c in 0..<columns {
        let want = wanted(r, c)
        let got = double(r, c)
        if want.isNaN && got.isNaN || want == got { continue }
        let error = abs(got - want) / max(1, abs(want))
        let excess = error.isNaN ? Double.infinity : error
        if excess > tolerance && excess > worst.excess { worst = (excess, r, c) }
      }
    }
    if worst.row >= 0 {
      let (r, c) = (worst.row, worst.column)
      expect(false, "[\(r), \(c)] is \(self[r, c]), wanted \(wanted(r, c)) within \(tolerance)")
    }
    let gapsIntact = (0..<max(0, rows - 1)).allSatisfy { r in
      (columns..<leading).allSatisfy { memory[r * leading + $0] == Matrix.gap }
    }
    expect(gapsIntact && memory.isIntact, "memory outside the matrix was written")
  }
}
