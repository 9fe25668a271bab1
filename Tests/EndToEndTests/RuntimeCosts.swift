import TaperModelSpec
import TaperPlanFormat
import TaperPlanner

/// Costs that make every choice possible: products of few rows go to the scalar kernel, others to OpenBLAS, so that
/// plans carry several selections an op. Times mean nothing else.
enum RuntimeCosts {
  static let mixed = make(packed: 1000)
  /// Packed products, and attention that gives its scores along with the context, are the fastest; in bf16 above all.
  static let packed = make(packed: 1)

  /// As `packed`, with f32 products of three bf16 planes, their encodings and attention by such faster still.
  static let planes = make(packed: 1, planes: 0)

  /// As `packed`, with attention that reads encoded rows faster than attention that rounds them.
  static let encoded = make(packed: 2, encoded: true)

  private static func make(packed: UInt64, planes: UInt64 = 1000, encoded: Bool = false) -> OpCosts {
    OpCosts(
      predict: { _, kernel, rows, _ in
        let isPacked = kernel.weightLayout != .rowMajor || kernel == .attentionScoredF32
        var time: UInt64 = kernel == .gemmF32Scalar ? UInt64(10 * rows) : isPacked ? packed : 50
        if kernel.roundsOperands { time = kernel.readsEncoded ? 0 : packed - 1 }
        if kernel == .gemmF32X6 || kernel == .encodeBF16x3 || kernel.splitsOperands { time = planes }
        return Prediction(
          time: Nanoseconds(time), low: Nanoseconds(time), high: Nanoseconds(time), work: Flops(1),
          traffic: Bytes(1), bound: .compute, provenance: .modelled)
      },
      kernels: { kind in
        KernelID.all.map(\.id).filter {
          $0.opKind == kind && (planes == 0 || !$0.splitsOperands) && (encoded || !$0.readsEncoded)
        }
      },
      endToEnd: { ops in
        var total = Prediction(
          time: .zero, low: .zero, high: .zero, work: .zero, traffic: .zero, bound: .compute,
          provenance: .modelled)
        for op in ops {
          total.time = total.time + op.time
          total.low = total.low + op.low
          total.high = total.high + op.high
        }
        return total
      }, runOverhead: .zero)
  }

  /// Plans with them, without a calibration.
  static func plan(
    _ request: PlanningRequest, _ model: ModelSpec, costs: OpCosts = mixed
  ) throws -> PlannedModel {
    try Planner.plan(
      request, model: model,
      inputs: PlanningInputs(facts: EncoderFacts(model), profile: nil, costs: costs))
  }
}
