import Glibc

/// A seeded sequence of numbers, the same everywhere.
struct TestGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed &* 2 &+ 1 }

  /// In [0, 1).
  mutating func uniform() -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Double(state >> 33) / Double(1 << 31)
  }

  /// Of mean 0 and variance 1 (Box and Muller).
  mutating func normal() -> Double {
    (-2 * log(1 - uniform())).squareRoot() * cos(2 * .pi * uniform())
  }
}

/// Points round one centre a class: features [count, width] and labels.
struct Clusters {
  var features: [Float] = []
  var labels: [Int] = []
  let count: Int
  let width: Int

  init(count: Int, width: Int, classes: Int, spread: Double, seed: UInt64) {
    self.count = count
    self.width = width
    var generator = TestGenerator(seed: seed)
    let centres = (0..<classes * width).map { _ in generator.normal() }
    for index in 0..<count {
      let label = index % classes
      labels.append(label)
      for column in 0..<width {
        features.append(Float(0.1 * (centres[label * width + column] + spread * generator.normal()) + 3))
      }
    }
  }
}
