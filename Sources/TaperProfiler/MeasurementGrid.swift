internal import TaperDeviceProfile
internal import TaperPlanFormat

/// One (kernel, shape, row counts) whose time is taken in every round.
struct MeasurementPoint: Hashable, Sendable {
  var kernel: KernelID
  var shape: OpShape
  var rows: Int
  var innerRows: Int
}

/// Which row counts are measured.
///
/// About twenty counts to 512, denser where few rows make a product memory-bound. Ops of both row counts
/// (attention) are measured with all rows, a half, a quarter, an eighth and one: the keep counts a plan
/// meets, and the last layer under CLS pooling.
enum MeasurementGrid {
  static func rows(upTo maximum: Int) -> [Int] {
    let counts = [
      1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072,
    ]
    return counts.filter { $0 < maximum } + [maximum]
  }

  static func points(kernel: KernelID, shape: OpShape, maximumRows: Int) -> [MeasurementPoint] {
    func point(_ rows: Int, _ inner: Int) -> MeasurementPoint {
      MeasurementPoint(kernel: kernel, shape: shape, rows: rows, innerRows: inner)
    }
    // The one row of answers that halting keeps.
    if shape.kind.isAnswer { return [point(1, 1)] }
    return rows(upTo: maximumRows).flatMap { count -> [MeasurementPoint] in
      switch shape.kind {
      case .attention, .attentionContext:
        Set([1, (count + 7) / 8, (count + 3) / 4, (count + 1) / 2, count]).sorted().map { point($0, count) }
      case .attentionScores, .attentionScored: [point(count, count)]
      case .select, .selectAbove, .scatter: [point((count + 1) / 2, count)]
      case .mean: [point(1, count)]
      default: [point(count, 1)]
      }
    }
  }

  /// Kernels worth measuring: all of the kind but the scalar reference products, which no plan should choose by speed.
  /// Packed ones, and attention in bf16, are such a reference where the CPU's tier is scalar.
  static func kernels(for kind: OpKind, isScalarTier: Bool) -> [KernelID] {
    kind.kernels.filter {
      $0 != .gemmF32Scalar
        && !(isScalarTier && ($0.weightLayout != .rowMajor || kind == .encode || $0.roundsOperands))
    }
  }
}
