package import TaperModelSpec
package import TaperPlanFormat

/// A tensor of the plan's weights, told by where its elements come from; nothing is read until it is streamed.
package struct WeightRecipe: Hashable, Sendable {
  package enum Source: Hashable, Sendable {
    /// The model's tensors of these roles, one after the other along the first axis.
    case tensors([TensorRole])
    /// [heads, 2·reach − 1] from the model's relative bias.
    case relativeBias(reach: Int)
    /// 1 / s by column of what a norm gives (`Smoothing`).
    case multipliers(Smoothing)
    case overridingHeadWeight
    case overridingHeadBias
  }

  package var name: String
  package var shape: [Int]
  package var source: Source
  /// How it lies in the plan; a product's family decides.
  package var layout = WeightLayout.rowMajor
  /// Columns of the product's input scaled by s before the elements are reduced; nil: as they are.
  package var smoothing: Smoothing?

  package init(name: String, shape: [Int], source: Source) {
    self.name = name
    self.shape = shape
    self.source = source
  }

  package var elementCount: Int { shape.reduce(1, *) }
}
