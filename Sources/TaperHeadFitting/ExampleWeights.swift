/// What each example counts for in a fit: one, unless weights are given.
struct ExampleWeights {
  private let weights: [Float]?

  /// - Parameter weights: by example, not negative; nil: all one.
  init(_ weights: [Float]? = nil) { self.weights = weights }

  subscript(example: Int) -> Double { weights.map { Double($0[example]) } ?? 1 }

  func total(_ rows: [Int]) -> Double { rows.reduce(0) { $0 + self[$1] } }
}
