internal import TaperDeviceProfile
internal import TaperPlanFormat

/// Times of one kernel's products of any columns N and depth K, from those measured.
///
/// At each row count a roofline is fitted: time − overhead = a·N·K + b·N + c·K. The terms stand for the weight's
/// elements (multiplied, or at few rows streamed), the result's columns and the input's depth. The fit is least squares
/// of the relative error, with no coefficient below zero. The ratios of measured to fitted times are then interpolated
/// by inverse distance in (log N, log K), so that predictions are exact at measured shapes and smooth between them. The
/// cost of an activation is proportional to columns.
struct ProductFit: Sendable {
  struct Product {
    var shape: OpShape
    /// At 1…512 rows at least, overhead included.
    var times: [Double]
    /// The time saved when weights come from the last cache; nil where not measured.
    var gains: [Double]?
  }

  private static let rowCount = 512
  private let places: [SIMD2<Double>]
  /// a, b, c by row count.
  private let coefficients: [SIMD3<Double>]
  /// Measured over fitted, by row count, then product.
  private let ratios: [[Double]]
  /// Time saved for each weight element, by row count, then product of `gainPlaces`.
  private let gains: [[Double]]
  private let gainPlaces: [SIMD2<Double>]
  /// The cost of an activation for each column, by row count; absent where unknown.
  private let activations: [Activation: [Double]]

  /// Nil without products. Fits those without an activation when there are any.
  init?(_ products: [Product], overhead: Double) {
    let plain = products.filter { $0.shape.activation == .none }
    let fitted = plain.isEmpty ? products : plain
    guard !fitted.isEmpty else { return nil }
    let terms = fitted.map { Self.terms($0.shape) }
    places = fitted.map { Self.place($0.shape) }
    var coefficients: [SIMD3<Double>] = []
    var ratios: [[Double]] = []
    for row in 0..<Self.rowCount {
      let bodies = fitted.map { max(1, $0.times[row] - overhead) }
      let found = Self.fit(terms, bodies)
      coefficients.append(found)
      ratios.append(zip(terms, bodies).map { $1 / max(1e-9, ($0 * found).sum()) })
    }
    self.coefficients = coefficients
    self.ratios = ratios
    let near = fitted.compactMap { product in
      product.gains.map { (shape: product.shape, gains: $0, elements: Self.terms(product.shape).x) }
    }
    gainPlaces = near.map { Self.place($0.shape) }
    gains = (0..<Self.rowCount).map { row in near.map { $0.gains[row] / $0.elements } }
    var added: [Activation: [Double]] = [:]
    for activation in Activation.allCases where activation != .none && !plain.isEmpty {
      let pairs = products.filter { $0.shape.activation == activation }.compactMap { product in
        plain.first { $0.shape.columns == product.shape.columns && $0.shape.depth == product.shape.depth }.map
        {
          (product, $0)
        }
      }
      if pairs.isEmpty { continue }
      added[activation] = (0..<Self.rowCount).map { row in
        let sums = pairs.reduce((extra: 0.0, columns: 0.0)) { sum, pair in
          (sum.extra + pair.0.times[row] - pair.1.times[row], sum.columns + Double(pair.0.shape.columns))
        }
        return max(0, sums.extra / sums.columns)
      }
    }
    activations = added
  }

  /// Without overhead. Above 512 rows the time is proportional to rows.
  func time(of shape: OpShape, rows: Int, residentShare: Double) -> Double {
    let row = min(rows, Self.rowCount) - 1
    let scale = Double(rows) / Double(row + 1)
    func mean(_ values: [Double], at places: [SIMD2<Double>]) -> Double {
      zip(Self.weights(Self.place(shape), places), values).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let terms = Self.terms(shape)
    var time = (terms * coefficients[row]).sum() * mean(ratios[row], at: places)
    time -= min(mean(gains[row], at: gainPlaces) * terms.x, residentShare * time)
    if let added = activations[shape.activation] { time += added[row] * Double(shape.columns) }
    return time * scale
  }

  private static func terms(_ shape: OpShape) -> SIMD3<Double> {
    let (columns, depth) = (Double(shape.columns), Double(shape.depth))
    return SIMD3(columns * depth, columns, depth)
  }

  private static func place(_ shape: OpShape) -> SIMD2<Double> {
    SIMD2(logarithm(shape.columns), logarithm(shape.depth))
  }

  /// Base 2, linear between powers of two: precise enough here, and needs no mathematics library.
  private static func logarithm(_ value: Int) -> Double {
    let value = Double(max(1, value))
    return Double(value.exponent) + value.significand - 1
  }

  /// Weights by the inverse fourth power of distance, summing to 1. At a measured place that place has all the weight.
  private static func weights(_ place: SIMD2<Double>, _ places: [SIMD2<Double>]) -> [Double] {
    let weights = places.map { other in
      let difference = place - other
      let square = (difference * difference).sum()
      return 1 / (square * square + 1e-12)
    }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / max(sum, 1e-300) }
  }

  /// Non-negative least squares of Σ (terms·x / time − 1)². Tries the solutions with some coefficients zero, those with
  /// the fewest coefficients first, and takes the best.
  private static func fit(_ terms: [SIMD3<Double>], _ times: [Double]) -> SIMD3<Double> {
    let rows = zip(terms, times).map { $0 / $1 }
    var best = (error: Double.infinity, solution: SIMD3<Double>())
    for chosen in [[0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]] where chosen.count <= rows.count {
      guard let solution = solve(rows, chosen), solution.min() >= 0 else { continue }
      let error = rows.reduce(0) { sum, row in
        let miss = (row * solution).sum() - 1
        return sum + miss * miss
      }
      if error < best.error - 1e-12 { best = (error, solution) }
    }
    return best.solution
  }

  /// Solves the normal equations for the chosen coefficients by Gauss-Jordan elimination; nil when they are singular.
  private static func solve(_ rows: [SIMD3<Double>], _ chosen: [Int]) -> SIMD3<Double>? {
    let count = chosen.count
    var matrix = chosen.map { i in
      chosen.map { j in rows.reduce(0) { $0 + $1[i] * $1[j] } } + [rows.reduce(0) { $0 + $1[i] }]
    }
    for pivot in 0..<count {
      let size = matrix[pivot][pivot]
      guard size > 1e-12 * rows.reduce(0, { $0 + $1[chosen[pivot]] * $1[chosen[pivot]] }), size > 0 else {
        return nil
      }
      for column in pivot...count { matrix[pivot][column] /= size }
      for row in 0..<count where row != pivot {
        let factor = matrix[row][pivot]
        for column in pivot...count { matrix[row][column] -= factor * matrix[pivot][column] }
      }
    }
    var solution = SIMD3<Double>()
    for (place, coefficient) in chosen.enumerated() { solution[coefficient] = matrix[place][count] }
    return solution
  }
}
