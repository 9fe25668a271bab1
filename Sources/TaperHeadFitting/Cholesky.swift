/// Solves A·X = B for symmetric positive definite A by Cholesky's factorisation, row by row in double
/// precision.
///
/// Written here because the linked OpenBLAS has no LAPACK. O(n³/3), meant for n of a few hundred.
package struct Cholesky {
  private let size: Int
  /// Lower triangle of L, row-major [size, size].
  private var factor: [Double]

  /// Factors A = L·Lᵀ from its lower triangle; nil when A is not positive definite.
  package init?(_ matrix: [Double], size: Int) {
    precondition(matrix.count == size * size)
    self.size = size
    factor = matrix
    for row in 0..<size {
      for column in 0...row {
        var sum = factor[row * size + column]
        for index in 0..<column { sum -= factor[row * size + index] * factor[column * size + index] }
        if column < row {
          factor[row * size + column] = sum / factor[column * size + column]
        } else {
          guard sum > 0 else { return nil }
          factor[row * size + row] = sum.squareRoot()
        }
      }
    }
  }

  /// X for one right-hand side of `size` numbers.
  package func solve(_ right: [Double]) -> [Double] {
    precondition(right.count == size)
    var x = right
    for row in 0..<size {
      var sum = x[row]
      for column in 0..<row { sum -= factor[row * size + column] * x[column] }
      x[row] = sum / factor[row * size + row]
    }
    for row in (0..<size).reversed() {
      var sum = x[row]
      for index in row + 1..<max(size, row + 1) { sum -= factor[index * size + row] * x[index] }
      x[row] = sum / factor[row * size + row]
    }
    return x
  }
}
