import Glibc

/// What the planner reads of a model's selectors before any weight (TR-BERT; specs/tuned-checkpoints.md section 4).
package struct SelectorFacts: Hashable, Sendable {
  /// Layers whose output is selected from: counted from 1, ascending, below the last.
  package var layers: [Int]
  /// Rows of W1.
  package var width: Int
  /// A token goes on when π is at least this.
  package var threshold: Double

  package init(layers: [Int], width: Int, threshold: Double) {
    self.layers = layers
    self.width = width
    self.threshold = threshold
  }

  /// π ≥ threshold in terms of π's logit z, which orders the tokens as π does and is not rounded to 1 for many of them
  /// at once: z ≥ ln(t / (1 − t)) (ours).
  package var logitThreshold: Float {
    let bound = Float.greatestFiniteMagnitude
    return min(max(Float(log(threshold / (1 - threshold))), -bound), bound)
  }
}
