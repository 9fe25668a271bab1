internal import TaperDeviceProfile
internal import TaperPlanFormat

/// Work and traffic of an op from its shape alone, as the definition of its kind says.
///
/// Work counts the multiply-adds of products, two FLOPs each, as the literature on token elimination does. Row-wise
/// arithmetic (softmax, layer norm, activation, means) counts as traffic only (ours). Traffic is every operand once, in
/// bytes: weights and activations read, results written. Caches are not modelled.
enum OpWork {
  static func work(of shape: OpShape, rows: Int, innerRows: Int) -> Flops {
    Flops(shape.kind.definition.work.value(at: shape.sizes(rows: rows, innerRows: innerRows)))
  }

  static func traffic(of shape: OpShape, kernel: KernelID, rows: Int, innerRows: Int) -> Bytes {
    let sizes = shape.sizes(rows: rows, innerRows: innerRows)
    var bytes: UInt64 = 0
    for part in shape.kind.definition.traffic {
      bytes = bytes &+ part.bytes(at: sizes, layout: kernel.weightLayout, encoded: kernel.encodedElement)
    }
    return Bytes(bytes)
  }
}
