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
  private func fit(_ maps: [Lens.Map], texts: Int, losing: Int) -> LensFit {
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
    return fit
  }

  @Test func findsTheMap() throws {
    var generator = SeededGenerator(seed: 5)
    let map = Self.map(&generator)
    var fit = fit([map], texts: 400, losing: 300)
    let found = try #require(try fit.lens().maps[1])
    for (a, b) in zip(found.weight + found.bias, map.weight + map.bias) { #expect(abs(a - b) < 0.01) }
  }

  /// Maps of several layers can share out what the pooled vector lacks in more than one way. Together they leave
  /// little.
  @Test func layersTogetherExplainWhatIsLacking() throws {
    var generator = SeededGenerator(seed: 5)
    let maps = (0..<3).map { _ in Self.map(&generator) }
    var fit = fit(maps, texts: 400, losing: 300)
    let before = fit.residual.reduce(0) { $0 + $1 * $1 }
    #expect(try fit.lens().maps.count == 3)
    #expect(fit.residual.reduce(0) { $0 + $1 * $1 } < 0.1 * before)
  }

  @Test func fewTextsAreNotEnough() throws {
    var generator = SeededGenerator(seed: 5)
    var fit = fit([Self.map(&generator)], texts: 400, losing: 19)
    #expect(throws: WorkflowError.lensNeedsTexts(found: 19, least: 20)) { try fit.lens() }
  }
}
