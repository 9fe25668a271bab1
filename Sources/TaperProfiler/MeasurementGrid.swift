internal import TaperDeviceProfile
internal import TaperPlanFormat

/// A kernel, shape and row counts, timed once in every round.
struct MeasurementPoint: Hashable, Sendable {
  var kernel: KernelID
  var shape: OpShape
  var rows: Int
  var innerRows: Int
  /// Whether the weights are in the last-level cache.
  var isNear = false
}

/// Which row counts are measured.
///
/// About twenty counts up to 512, denser where few rows make a product memory-bound. One product of each kernel is
/// measured at so many counts that the steps of its row tiles show. Ops whose time depends on rows and keys
/// (attention) are measured with all rows, a half, a quarter, an eighth and one: the keep counts that plans have, and
/// the last layer under CLS pooling.
enum MeasurementGrid {
  static func rows(upTo maximum: Int) -> [Int] {
    let counts = [
      1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072,
    ]
    return counts.filter { $0 < maximum } + [maximum]
  }

  /// For the product of each kernel that shows the steps of its row tiles: every count while tiles are few.
  static func denseRows(upTo maximum: Int) -> [Int] {
    Set(Array(1...96) + stride(from: 108, through: 192, by: 12) + rows(upTo: maximum)).filter {
      $0 <= maximum
    }.sorted()
  }

  /// For attention that gives scores, whose keys are packed in panels: the first and last key of each panel while
  /// panels are few.
  static func panelRows(upTo maximum: Int) -> [Int] {
    let panel = KernelConstants.panel
    let ends = Array(stride(from: panel, through: 8 * panel, by: panel))
    return Set(ends + ends.map { $0 + 1 } + rows(upTo: maximum)).filter { $0 <= maximum }.sorted()
  }

  /// The product measured at dense row counts: the smallest that does not belong to a head.
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
    // Halting keeps one row of answers.
    if shape.kind.isAnswer { return [point(1, 1)] }
    let counts =
      if shape.kind.givesScores { panelRows(upTo: maximumRows) } else {
        isDense ? denseRows(upTo: maximumRows) : rows(upTo: maximumRows)
      }
    let weights =
      shape.kind.isProduct ? kernel.weightLayout.byteCount(columns: shape.columns, depth: shape.depth) : 0
    let usual = Set(rows(upTo: maximumRows))
    let points = counts.flatMap { count -> [MeasurementPoint] in
      switch shape.variables {
      case .both:
        return Set([1, (count + 7) / 8, (count + 3) / 4, (count + 1) / 2, count]).sorted().map {
          point($0, count)
        }
      case .innerRows:
        if shape.kind.givesScores { return [point(count, count)] }
        return [point(shape.kind.family == .selection ? (count + 1) / 2 : 1, count)]
      case .rows:
        // With many rows a weight is read once for much work, so it matters little where it comes from.
        let isNear =
          shape.kind.isProduct && count <= nearRows && usual.contains(count) && weights <= largestNear
        return isNear ? [point(count, 1), point(count, 1, isNear: true)] : [point(count, 1)]
      }
    }
    // Cold points first, so that the points of an entry are consecutive.
    return points.filter { !$0.isNear } + points.filter(\.isNear)
  }

  /// Largest row count at which products are also measured with weights in the last-level cache.
  static let nearRows = 128
  /// Bytes of the largest weights measured so: half of a last-level cache that few cores share.
  static let largestNear = 16 << 20

  /// The kernels of a kind that are measured: all but scalar references, which no plan should choose for speed. Where
  /// the CPU's tier is scalar, packed products and attention in bf16 are such references too.
  /// - Parameters:
  ///   - forTiles: whether what is made for tile units is measured: products of bf16 planes and their encodings,
  ///     attention by planes or of encoded rows.
  ///   - pairs: whether int8 products of bounded pairs are, which most tiers compute as all others.
  static func kernels(for kind: OpKind, isScalarTier: Bool, forTiles: Bool, pairs: Bool) -> [KernelID] {
    kind.kernels.filter {
      $0 != .gemmF32Scalar && (forTiles || !$0.needsTileUnit) && (pairs || $0.weightLayout != .panelI8Pairs)
        && !(isScalarTier && ($0.weightLayout != .rowMajor || kind.definition.encodes || $0.roundsOperands))
    }
  }
}
