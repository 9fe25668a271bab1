internal import TaperDeviceProfile
internal import TaperPlanFormat

/// One (kernel, shape, row counts) whose time is taken in every round.
struct MeasurementPoint: Hashable, Sendable {
  var kernel: KernelID
  var shape: OpShape
  var rows: Int
  var innerRows: Int
  /// Whether the weights come from the last cache.
  var isNear = false
}

/// Which row counts are measured.
///
/// About twenty counts to 512, denser where few rows make a product memory-bound, and for one product of each kernel so
/// dense that the stairs of its row tiles show. Ops of both row counts
/// (attention) are measured with all rows, a half, a quarter, an eighth and one: the keep counts a plan
/// meets, and the last layer under CLS pooling.
enum MeasurementGrid {
  static func rows(upTo maximum: Int) -> [Int] {
    let counts = [
      1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072,
    ]
    return counts.filter { $0 < maximum } + [maximum]
  }

  /// For the one product of each kernel from which its stairs are read: every count while tiles are few.
  static func denseRows(upTo maximum: Int) -> [Int] {
    Set(Array(1...96) + stride(from: 108, through: 192, by: 12) + rows(upTo: maximum)).filter {
      $0 <= maximum
    }.sorted()
  }

  /// For attention that gives scores, whose keys come in panels of 16: every panel's first and last key while panels are few.
  static func panelRows(upTo maximum: Int) -> [Int] {
    let ends = Array(stride(from: 16, through: 128, by: 16))
    return Set(ends + ends.map { $0 + 1 } + rows(upTo: maximum)).filter { $0 <= maximum }.sorted()
  }

  /// The product measured so: the smallest that is no head's.
  static func denseShape(_ shapes: [OpShape]) -> OpShape? {
    shapes.filter { $0.kind == .gemm && $0.activation == .none && min($0.columns, $0.depth) >= 128 }
      .min { $0.columns * $0.depth < $1.columns * $1.depth }
  }

  static func points(
    kernel: KernelID, shape: OpShape, maximumRows: Int, isDense: Bool = false
  ) -> [MeasurementPoint] {
    func point(_ rows: Int, _ inner: Int, isNear: Bool = false) -> MeasurementPoint {
      MeasurementPoint(kernel: kernel, shape: shape, rows: rows, innerRows: inner, isNear: isNear)
    }
    // The one row of answers that halting keeps.
    if shape.kind.isAnswer { return [point(1, 1)] }
    let counts =
      if shape.kind.givesScores { panelRows(upTo: maximumRows) } else {
        isDense ? denseRows(upTo: maximumRows) : rows(upTo: maximumRows)
      }
    let weights =
      shape.kind == .gemm ? kernel.weightLayout.byteCount(columns: shape.columns, depth: shape.depth) : 0
    let usual = Set(rows(upTo: maximumRows))
    let points = counts.flatMap { count -> [MeasurementPoint] in
      switch shape.kind {
      case .attention, .attentionContext:
        Set([1, (count + 7) / 8, (count + 3) / 4, (count + 1) / 2, count]).sorted().map { point($0, count) }
      case .attentionScores, .attentionScored: [point(count, count)]
      case .select, .selectAbove, .scatter: [point((count + 1) / 2, count)]
      case .mean: [point(1, count)]
      case .gemm:
        // Where many rows share a weight it matters little where it comes from.
        count > nearRows || !usual.contains(count) || weights > largestNear
          ? [point(count, 1)] : [point(count, 1), point(count, 1, isNear: true)]
      default: [point(count, 1)]
      }
    }
    // Cold ones first: an entry's points stand together.
    return points.filter { !$0.isNear } + points.filter(\.isNear)
  }

  /// Most rows for which products are measured with near weights too.
  static let nearRows = 128
  /// Bytes of the largest weights measured near: half of what a last cache that few cores share has.
  static let largestNear = 16 << 20

  /// Kernels worth measuring: all of the kind but the scalar reference products, which no plan should choose by speed.
  /// Packed ones, and attention in bf16, are such a reference where the CPU's tier is scalar.
  static func kernels(for kind: OpKind, isScalarTier: Bool) -> [KernelID] {
    kind.kernels.filter {
      $0 != .gemmF32Scalar
        && !(isScalarTier && ($0.weightLayout != .rowMajor || kind == .encode || $0.roundsOperands))
    }
  }
}
