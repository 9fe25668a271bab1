package import TaperPlanFormat

/// The dense encoder with all its layers: what speedups, in time and in work, are relative to.
package struct DenseReference {
  package let shape: ModelShape
  package let ops: [PricedOp]
  /// With its own share of weights in caches, which a plan of fewer layers does not have.
  package let pricer: OpPricer
  private let timer: OpListTimer

  package init(_ facts: EncoderFacts, ops: [PricedOp], maximumLength: Int, pricer: OpPricer) {
    shape = facts.shape
    self.ops = ops
    self.pricer = pricer
    timer = OpListTimer(ops, layerCount: facts.layers, maximumLength: maximumLength, pricer: pricer)
  }

  package var layers: Int { Int(shape.layers) }

  /// Predicted nanoseconds for an input of `length` tokens.
  package func time(_ length: Int) -> UInt64 {
    timer.time([Int](repeating: length, count: layers + 1))
  }
}
