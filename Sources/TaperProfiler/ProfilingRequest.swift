public import TaperDeviceProfile
public import TaperPlanFormat

/// What to measure, how long, and how unsteady the machine may be.
public struct ProfilingRequest: Hashable, Sendable {
  public var name: String
  /// The date as text, for the profile; the library has no clock of days.
  public var created: String
  public var shapes: [OpShape]
  /// Thread counts, each from 1 to the CPUs of the process.
  public var threads: [Int]
  /// Largest row count measured, at most 4096.
  public var maximumRows: Int
  /// Time for the rounds over all points, which end when it is spent or `maximumSamples` are taken.
  public var budget: Nanoseconds
  /// Fewest samples of every point, even if the budget is spent; at least three once twice the budget is spent.
  public var minimumSamples: Int
  public var maximumSamples: Int
  /// Whether what is made for tile units is measured (`KernelID.needsTileUnit`), products of bf16 planes above all;
  /// nil: on tiers that have them, which is AMX.
  public var measuresPlanes: Bool?
  /// Largest `ProfileNoise.figure` accepted; above it measuring throws `ProfilerError.tooNoisy`.
  public var noiseLimit: Double
  /// Kernels that are not measured, and so not offered to plans.
  public var excludedKernels: Set<KernelID>

  /// Shared virtual machines occur with slow phases at 0.7 of their speed (43% more time), and with tile units that a
  /// neighbour slows to 0.4 of theirs (50 to 60% more time of the references), and must stay measurable: samples next
  /// to slow references do not count.
  public static let defaultNoiseLimit = 0.8

  public init(
    name: String, created: String = "", shapes: [OpShape], threads: [Int], maximumRows: Int = 512,
    budget: Nanoseconds = Nanoseconds(60_000_000_000), minimumSamples: Int = 7, maximumSamples: Int = 60,
    measuresPlanes: Bool? = nil, noiseLimit: Double = ProfilingRequest.defaultNoiseLimit,
    excludedKernels: Set<KernelID> = []
  ) {
    self.name = name
    self.created = created
    self.shapes = shapes
    self.threads = threads
    self.maximumRows = maximumRows
    self.budget = budget
    self.minimumSamples = minimumSamples
    self.maximumSamples = maximumSamples
    self.measuresPlanes = measuresPlanes
    self.noiseLimit = noiseLimit
    self.excludedKernels = excludedKernels
  }

  /// A grid of shapes from which the cost model fits those of any encoder, of sizes that no model has: products of four
  /// widths by four depths, row-wise ops of those widths, and attention of twelve heads of 32 and 64, whose time is
  /// proportional to heads.
  public static var generalShapes: [OpShape] {
    let widths = [160, 448, 1216, 3200]
    var shapes = widths.flatMap { columns in widths.map { OpShape.gemm(columns: columns, depth: $0) } }
    shapes += [(448, 448), (1216, 448), (3200, 448)].flatMap { columns, depth in
      [
        OpShape.gemm(columns: columns, depth: depth, activation: .gelu),
        OpShape(.gemmEncode, columns: columns, depth: depth, activation: .gelu),
      ]
    }
    for depth in [32, 64] {
      for bias in [false, true] { shapes += attention(depth: depth, heads: 12, relativeBias: bias) }
    }
    for columns in widths {
      for activation in [Activation.none, .gelu] {
        shapes += rowWise(.hidden, columns, activation) + rowWise(.feedForward, columns, activation)
      }
    }
    return distinct(shapes + choices(heads: 12) + [OpShape(.softmax, columns: 16)])
  }

  /// Every kind of attention.
  private static func attention(depth: Int, heads: Int, relativeBias: Bool) -> [OpShape] {
    OpKind.allCases.filter { $0.family == .attention }.map {
      OpShape(
        $0, depth: depth, heads: heads,
        relativeBias: relativeBias && $0.definition.key.contains(.relativeBias))
    }
  }

  /// Every kind of op whose columns can be this size of a model.
  private static func rowWise(
    _ width: ModelWidth, _ columns: Int, _ activation: Activation = .none
  ) -> [OpShape] {
    OpKind.allCases.filter { $0.definition.widths.contains(width) }.map {
      OpShape($0, columns: columns, activation: $0.definition.key.contains(.activation) ? activation : .none)
    }
  }

  /// Every kind of op on row numbers and scores.
  private static func choices(heads: Int) -> [OpShape] {
    OpKind.allCases.filter { $0.definition.sizes.isSubset(of: .heads) && $0.definition.measuredAs == $0 }.map
    {
      OpShape($0, heads: $0.definition.sizes.contains(.heads) ? heads : 0)
    }
  }

  private static func distinct(_ shapes: [OpShape]) -> [OpShape] {
    shapes.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// The shapes that a plan of this encoder can have: fused and unfused products, attention plain and split,
  /// row-wise ops.
  ///
  /// - Parameters:
  ///   - activation: of the feed-forward block.
  ///   - outputWidth: of the linear head; 0 for none.
  ///   - head: products of the head's steps before its linear layer.
  ///   - relativeBias: whether attention adds a bias by distance.
  ///   - selectorWidth: inner width of the model's selectors; 0 for none.
  ///   - halts: whether every layer answers, and runs may end early.
  ///   - embeddingWidth: where the embeddings are projected to the hidden size; 0 for none.
  ///   - isGated: whether feed-forward blocks multiply two products.
  ///   - isRotary: whether queries and keys are rotated by position.
  ///   - isDisentangled: whether attention multiplies contents by positions.
  public static func shapes(
    of model: ModelShape, activation: Activation = .gelu, outputWidth: Int = 0, head: [OpShape] = [],
    relativeBias: Bool = false, selectorWidth: Int = 0, halts: Bool = false, embeddingWidth: Int = 0,
    isGated: Bool = false, isRotary: Bool = false, isDisentangled: Bool = false
  ) -> [OpShape] {
    let hidden = Int(model.hidden)
    let inner = Int(model.feedForward)
    let heads = Int(model.heads)
    let depth = heads > 0 ? hidden / heads : 0
    var shapes: [OpShape] = [
      .gemm(columns: 3 * hidden, depth: hidden), .gemm(columns: 2 * hidden, depth: hidden),
      .gemm(columns: hidden, depth: hidden), .gemm(columns: inner, depth: hidden, activation: activation),
      .gemm(columns: inner, depth: hidden), .gemm(columns: hidden, depth: inner),
      OpShape(.gemmEncode, columns: inner, depth: hidden, activation: activation),
      OpShape(.gemmEncode, columns: 3 * hidden, depth: hidden),
    ]
    shapes += attention(depth: depth, heads: heads, relativeBias: relativeBias)
    shapes += rowWise(.hidden, hidden) + rowWise(.feedForward, inner, activation) + choices(heads: heads)
    shapes += head
    if embeddingWidth > 0 {
      shapes += [
        .gemm(columns: hidden, depth: embeddingWidth), OpShape(.embed, columns: embeddingWidth),
        OpShape(.embedEncode, columns: embeddingWidth),
      ]
    }
    if isGated { shapes.append(.gemm(columns: 2 * inner, depth: hidden)) }
    shapes.removeAll {
      $0.kind == .gate && !isGated || $0.kind == .gemmEncode && isGated || $0.kind == .rotate && !isRotary
        || $0.kind == .disentangledScores && !isDisentangled
    }
    if outputWidth > 0 {
      shapes +=
        [.gemm(columns: outputWidth, depth: head.last?.columns ?? hidden)] + rowWise(.outputs, outputWidth)
    }
    if selectorWidth > 0 {
      shapes += [
        .gemm(columns: selectorWidth, depth: hidden, activation: .gelu),
        .gemm(columns: 1, depth: selectorWidth), OpShape(.select, heads: 1),
      ]
    }
    if halts {
      for kind in OpKind.allCases where kind.isAnswer {
        let depth = kind.definition.sizes.contains(.depth) ? hidden : 0
        shapes.append(OpShape(kind, columns: outputWidth, depth: depth))
      }
    }
    return distinct(shapes)
  }
}
