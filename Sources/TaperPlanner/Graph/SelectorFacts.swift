import Glibc

/// What the planner reads of a model's selectors before any weight (TR-BERT; specs/tuned-checkpoints.md section 4).
package struct SelectorFacts: Hashable, Sendable {
  /// Layers (from 1, ascending, below the last) after which a selector selects.
  package var layers: [Int]
  /// Rows of W1.
  package var width: Int
  /// A token is kept when π is at least this.
  package var threshold: Double

  package init(layers: [Int], width: Int, threshold: Double) {
    self.layers = layers
    self.width = width
    self.threshold = threshold
  }

  /// π ≥ threshold in terms of π's logit z: z ≥ ln(t / (1 − t)) (ours). The logit orders tokens as π does, without
  /// rounding many of them to 1.
  package var logitThreshold: Float {
    let bound = Float.greatestFiniteMagnitude
    return min(max(Float(log(threshold / (1 - threshold))), -bound), bound)
  }
}
