internal import TaperHeadFitting
package import TaperPlanner

/// Fits a lens (ours): affine maps from the mean of the tokens that a layer drops to what the dense encoder's pooled
/// vector lacks without them.
///
/// With n tokens of which layer 1 drops m, k the sum of the kept tokens' last states and x the dropped tokens' mean,
/// the reduced encoder pools (k + m·(A·x + b)) / n. A and b minimise the squared distance to the dense encoder's mean d
/// over the texts: ridge regression from x to (n·d − k) / m, each text weighing (m / n)². Where several layers drop
/// tokens, their maps are fitted one after the other to what is left, and once more (backfitting).
package struct LensFit {
  /// Texts that lose tokens, for each layer at least.
  package static let fewestTexts = 20
  /// Few: a map of 768 columns takes a second a strength.
  private static let strengths = [3, 0.3, 0.03, 0.003]
  /// Over the layers.
  private static let rounds = 2

  let layers: [Int]
  let width: Int
  /// What the pooled vectors lack, [texts, width].
  package var residual: [Float]
  /// By layer: the mean of the dropped tokens, [texts, width], and their share of the text's.
  package var means: [[Float]]
  package var shares: [[Float]]

  package init(layers: [Int], width: Int, residual: [Float]) {
    self.layers = layers
    self.width = width
    self.residual = residual
    means = [[Float]](repeating: [], count: layers.count)
    shares = [[Float]](repeating: [], count: layers.count)
  }

  /// - Throws: `lensNeedsTexts` where a layer drops tokens of too few texts; the fitting's errors.
  package mutating func lens() throws -> Lens {
    var lens = Lens()
    for round in 0..<(layers.count == 1 ? 1 : Self.rounds) {
      for (place, layer) in layers.enumerated() {
        let texts = shares[place].indices.filter { shares[place][$0] > 0 }
        guard texts.count >= Self.fewestTexts else {
          throw WorkflowError.lensNeedsTexts(found: texts.count, least: Self.fewestTexts)
        }
        if round > 0, let map = lens.maps[layer] { add(map, place, texts, times: 1) }
        var (inputs, targets): ([Float], [Float]) = ([], [])
        for text in texts {
          let columns = text * width..<(text + 1) * width
          inputs += means[place][columns]
          targets += residual[columns].map { $0 / shares[place][text] }
        }
        let fitted = try Ridge.fit(
          features: inputs, count: texts.count, width: width, targets: targets, outputs: width,
          weights: texts.map { shares[place][$0] * shares[place][$0] },
          options: FitOptions(strengths: Self.strengths))
        let map = Lens.Map(weight: fitted.weight, bias: fitted.bias)
        lens.maps[layer] = map
        add(map, place, texts, times: -1)
      }
    }
    return lens
  }

  /// residual += factor · share · (A · mean + b) for those texts.
  private mutating func add(_ map: Lens.Map, _ place: Int, _ texts: [Int], times factor: Float) {
    for text in texts {
      for output in 0..<width {
        var sum = map.bias[output]
        for column in 0..<width {
          sum += map.weight[output * width + column] * means[place][text * width + column]
        }
        residual[text * width + output] += factor * shares[place][text] * sum
      }
    }
  }
}
