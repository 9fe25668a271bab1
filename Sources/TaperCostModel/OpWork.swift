internal import TaperDeviceProfile
internal import TaperPlanFormat

/// Work and traffic of an op from its shape alone.
///
/// Work counts the multiply-adds of products, two FLOP each, as the literature on token elimination does;
/// row-wise arithmetic (softmax, layer norm, activation, means) counts as no work, only as traffic (ours).
/// Traffic is every operand once, in its bytes: weights and activations read, results written; what a cache
/// saves is not known here.
enum OpWork {
  /// Saturates instead of overflowing: shapes may come from a plan nobody has checked.
  private static func product(_ factors: Int...) -> UInt64 {
    factors.reduce(1 as UInt64) { total, factor in
      let (result, overflow) = total.multipliedReportingOverflow(by: UInt64(clamping: factor))
      return overflow ? UInt64.max >> 8 : result
    }
  }

  static func work(of shape: OpShape, rows: Int, innerRows: Int) -> Flops {
    switch shape.kind {
    case .gemm: Flops(product(2, rows, shape.columns, shape.depth))
    case .attention, .attentionScored: Flops(product(4, rows, innerRows, shape.heads, shape.depth))
    case .attentionScores: Flops(product(2, innerRows, innerRows, shape.heads, shape.depth))
    case .attentionContext: Flops(product(2, rows, innerRows, shape.heads, shape.depth))
    default: .zero
    }
  }

  static func traffic(of shape: OpShape, kernel: KernelID, rows: Int, innerRows: Int) -> Bytes {
    let width = Int(clamping: product(shape.heads, shape.depth))
    let columns = shape.columns
    let elements: UInt64
    switch shape.kind {
    case .gemm: return productTraffic(of: shape, layout: kernel.weightLayout, rows: rows)
    case .encode:
      // bf16, or u8 codes, a scale and a zero.
      return Bytes(
        kernel == .encodeI8
          ? product(5, rows, columns) &+ product(8, rows) : product(6, rows, columns))
    case .attention: elements = product(2, rows, width) &+ product(2, innerRows, width)
    case .attentionScored:
      elements = product(4, innerRows, width) &+ product(shape.heads, innerRows)
    case .attentionScores:
      elements =
        product(2, innerRows, width) &+ product(shape.heads, innerRows, innerRows)
        &+ product(shape.heads, innerRows)
    case .attentionContext:
      elements = product(shape.heads, rows, innerRows) &+ product(innerRows, width) &+ product(rows, width)
    // One row of the word and position tables each, the type row, gamma and beta; one row out.
    case .embed: elements = product(3, rows, columns) &+ product(3, columns)
    case .layerNorm: elements = product(3, rows, columns) &+ product(3, columns)
    case .add: elements = product(3, rows, columns)
    case .biasActivation: elements = product(2, rows, columns) &+ product(columns)
    case .gather, .l2Normalize, .softmax, .sigmoid: elements = product(2, rows, columns)
    case .scatter: elements = product(2, innerRows, columns)
    case .mean: elements = product(innerRows, columns) &+ product(columns)
    case .select, .selectAbove: elements = product(shape.heads, innerRows) &+ product(rows)
    // Answers and what is left, in and out; features and unit.
    case .accumulate: elements = product(3, columns) &+ product(2, shape.depth)
    case .haltAuthors, .haltTight: elements = product(columns)
    case .iota: elements = product(rows)
    case .compose: elements = product(3, rows)
    }
    return Bytes(elements &* 4)
  }

  private static func productTraffic(of shape: OpShape, layout: WeightLayout, rows: Int) -> Bytes {
    let weight = layout.byteCount(columns: Int(clamping: shape.columns), depth: Int(clamping: shape.depth))
    let input = product(rows, shape.depth, layout.activation.byteCount)
    return Bytes(weight &+ input &+ product(4, rows, shape.columns) &+ product(4, shape.columns))
  }
}
