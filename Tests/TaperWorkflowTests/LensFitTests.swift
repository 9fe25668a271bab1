import TaperPlanner
import TaperWorkflow
import TestSupport
import Testing

/// Lenses from made-up vectors, whose maps are known.
@Suite struct LensFitTests {
  private static let width = 4

  private static func map(_ generator: inout SeededGenerator) -> Lens.Map {
    Lens.Map(
      weight: (0..<width * width).map { _ in Float.random(in: -1..<1, using: &generator) },
      bias: (0..<width).map { _ in Float.random(in: -1..<1, using: &generator) })
  }

  /// Texts that lose shares of their tokens in each layer; what they lack is the maps' images by those shares.
  private func fit(_ maps: [Lens.Map], texts: Int, losing: Int) throws -> Lens {
    var generator = SeededGenerator(seed: 11)
    var fit = LensFit(
      layers: Array(1...maps.count), width: Self.width,
      residual: [Float](repeating: 0, count: texts * Self.width))
    for (place, map) in maps.enumerated() {
      for text in 0..<texts {
        let mean = (0..<Self.width).map { _ in Float.random(in: -1..<1, using: &generator) }
        let share = text < losing ? Float.random(in: 0.1..<0.4, using: &generator) : 0
        fit.means[place] += mean
        fit.shares[place].append(share)
        for output in 0..<Self.width {
          let image = mean.indices.reduce(map.bias[output]) {
            $0 + map.weight[output * Self.width + $1] * mean[$1]
          }
          fit.residual[text * Self.width + output] += share * image
        }
      }
    }
    return try fit.lens()
  }

  @Test(arguments: [1, 2])
  func findsTheMaps(layers: Int) throws {
    var generator = SeededGenerator(seed: 5)
    let maps = (0..<layers).map { _ in Self.map(&generator) }
    let lens = try fit(maps, texts: 400, losing: 300)
    // Of two layers the second round leaves some of the error of the first.
    let bound: Float = layers == 1 ? 1e-3 : 0.1
    for (layer, map) in maps.enumerated() {
      let found = try #require(lens.maps[layer + 1])
      for (a, b) in zip(found.weight + found.bias, map.weight + map.bias) { #expect(abs(a - b) < bound) }
    }
  }

  @Test func fewTextsAreNotEnough() throws {
    var generator = SeededGenerator(seed: 5)
    let map = Self.map(&generator)
    #expect(throws: WorkflowError.fittingNeedsTexts(found: 19, least: 20)) {
      try fit([map], texts: 400, losing: 19)
    }
  }
}
