package import TaperModelSpec
package import TaperPlanFormat

/// A tensor of the plan's weights, described by where its elements come from. Nothing is read until it is streamed.
package struct WeightRecipe: Hashable, Sendable {
  package enum Source: Hashable, Sendable {
    /// The model's tensors of these roles, concatenated along the first axis.
    case tensors([TensorRole])
    /// [heads, 2·reach − 1] from the model's relative bias.
    case relativeBias(reach: Int)
    /// [heads, 2·reach − 1]: 0 up to distance `window`, and beyond it what leaves a key no share of attention.
    case window(Int, reach: Int)
    /// [2·reach − 1, hidden] from the model's relative positions (`ModelSpec.rowsByDistance`).
    case rowsByDistance(layer: Int, forQueries: Bool, reach: Int)
    /// [positions, head size]: rotary angles (`RotaryAngles`).
    case rotaryAngles(theta: Float)
    case zeros
    /// 1 / s for every column of a norm's output (`Smoothing`).
    case multipliers(Smoothing)
    case fitted(FittedTensor)
  }

  package var name: String
  package var shape: [Int]
  package var source: Source
  /// Its layout in the plan, which a product's family decides.
  package var layout = WeightLayout.rowMajor
  /// Scales columns of the product's input by s before quantisation; nil for none.
  package var smoothing: Smoothing?

  package init(name: String, shape: [Int], source: Source) {
    self.name = name
    self.shape = shape
    self.source = source
  }

  package var elementCount: Int { shape.reduce(1, *) }
}
