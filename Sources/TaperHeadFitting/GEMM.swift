import COpenBLAS

/// Row-major matrix products over OpenBLAS.
enum GEMM {
  /// result[rows, columns] += a[rows, depth] · b, where b is [depth, columns], or [columns, depth] when
  /// transposed.
  static func multiply(
    _ a: [Float], _ b: [Float], transposingSecond: Bool, rows: Int, columns: Int, depth: Int,
    addingTo result: inout [Float]
  ) {
    precondition(a.count == rows * depth && b.count == columns * depth && result.count == rows * columns)
    guard rows > 0, columns > 0, depth > 0 else { return }
    unsafe result.withUnsafeMutableBufferPointer { result in
      unsafe a.withUnsafeBufferPointer { a in
        unsafe b.withUnsafeBufferPointer { b in
          unsafe cblas_sgemm(
            CblasRowMajor, CblasNoTrans, transposingSecond ? CblasTrans : CblasNoTrans, blasint(rows),
            blasint(columns), blasint(depth), 1, a.baseAddress, blasint(depth), b.baseAddress,
            blasint(transposingSecond ? depth : columns), 1, result.baseAddress, blasint(columns))
        }
      }
    }
  }

  /// result[rows, columns] = scale · op(a) · op(b) in double precision; a transposed is stored [depth, rows],
  /// b transposed [columns, depth]. b and result may be longer than the product needs.
  static func multiply(
    _ a: [Double], transposingFirst: Bool = false, _ b: [Double], transposingSecond: Bool = false,
    rows: Int, columns: Int, depth: Int, scale: Double = 1, into result: inout [Double]
  ) {
    precondition(a.count >= rows * depth && b.count >= columns * depth && result.count >= rows * columns)
    guard rows > 0, columns > 0, depth > 0 else { return }
    unsafe result.withUnsafeMutableBufferPointer { result in
      unsafe a.withUnsafeBufferPointer { a in
        unsafe b.withUnsafeBufferPointer { b in
          unsafe cblas_dgemm(
            CblasRowMajor, transposingFirst ? CblasTrans : CblasNoTrans,
            transposingSecond ? CblasTrans : CblasNoTrans, blasint(rows), blasint(columns), blasint(depth),
            scale,
            a.baseAddress, blasint(transposingFirst ? rows : depth), b.baseAddress,
            blasint(transposingSecond ? depth : columns), 0, result.baseAddress, blasint(columns))
        }
      }
    }
  }
}
