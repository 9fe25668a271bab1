import TaperPlanFormat
import TaperPlanner

/// A device written down as formulas: 1 FLOP/ns for scalar products, 32 for BLAS, `panel` for packed ones, stairs of
/// `tile` rows, 8 bytes/ns, 500 ns an op.
enum SyntheticCosts {
  static func make(
    tile: Int = 1, overhead: UInt64 = 500, panel: UInt64 = 32, kinds: Set<OpKind> = Set(OpKind.allCases),
    tail: @escaping @Sendable (Percentile) -> Double? = { $0 == .p50 ? 1 : nil }
  ) -> OpCosts {
    OpCosts(
      predict: { op, kernel, rows, innerRows in
        let isProduct = op.kind.isProduct
        let counted = isProduct ? (rows + tile - 1) / tile * tile : rows
        let work = self.work(op, counted, innerRows)
        let traffic = UInt64(isProduct ? 4 * Int(op.columns) * Int(op.depth) : 8 * rows * Int(op.columns))
        let rate: UInt64 = kernel == .gemmF32Scalar ? 1 : kernel.weightLayout == .rowMajor ? 32 : panel
        let compute = work / rate
        let streaming = traffic / 8
        let time = max(compute, streaming) + overhead
        return Prediction(
          time: Nanoseconds(time), low: Nanoseconds(time - time / 20), high: Nanoseconds(time + time / 20),
          work: Flops(work), traffic: Bytes(traffic),
          bound: compute > streaming ? .compute : streaming > overhead ? .bandwidth : .overhead,
          provenance: .modelled)
      },
      kernels: { kind in
        // as on a machine without tile units, which alone have attention in planes or of encoded rows
        guard kinds.contains(kind) else { return [] }
        return KernelID.all.map(\.id).filter { $0.opKind == kind && !$0.splitsOperands && !$0.readsEncoded }
      },
      endToEnd: { ops in
        var total = Prediction(
          time: Nanoseconds(1000), low: Nanoseconds(1000), high: Nanoseconds(1000), work: .zero,
          traffic: .zero,
          bound: .compute, provenance: .modelled)
        for op in ops {
          total.time = total.time + op.time
          total.low = total.low + op.low
          total.high = total.high + op.high
          total.work = total.work + op.work
          total.traffic = total.traffic + op.traffic
        }
        return total
      },
      runOverhead: Nanoseconds(1000), tail: tail)
  }

  private static func work(_ op: PlanOp, _ rows: Int, _ innerRows: Int) -> UInt64 {
    let work =
      switch op.kind {
      case .gemm, .gemmEncode: 2 * rows * Int(op.columns) * Int(op.depth)
      case .attention, .attentionScored, .encodedAttention, .encodedAttentionScored, .attentionEncode:
        4 * rows * innerRows * Int(op.depth) * Int(op.heads)
      case .attentionScores: 2 * innerRows * innerRows * Int(op.depth) * Int(op.heads)
      case .attentionContext: 2 * rows * innerRows * Int(op.depth) * Int(op.heads)
      case .select, .selectAbove, .mean, .scatter: innerRows * max(1, Int(op.columns))
      default: 8 * rows * max(1, Int(op.columns))
      }
    return UInt64(work)
  }
}
