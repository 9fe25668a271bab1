/// What kernels.def says of a kernel family.
struct KernelFamily: BitwiseCopyable, Sendable {
  var name: StaticString
  var opKind: OpKind
  var scratch: ScratchRule
  var weightLayout: WeightLayout
  /// What its products multiply, or what an op that encodes writes.
  var precision: ElementType

  /// By which sizes a family needs scratch: the cases of `ck_scratch_rule`.
  enum ScratchRule: UInt8, BitwiseCopyable, Sendable {
    case none, indexedRows, attention, optionalAttention, attentionBF16, attentionPlanes, attentionEncoded,
      tokenScores
  }

  init(
    _ name: StaticString, _ opKind: OpKind, _ scratch: ScratchRule, _ weightLayout: WeightLayout,
    _ precision: ElementType
  ) {
    self.name = name
    self.opKind = opKind
    self.scratch = scratch
    self.weightLayout = weightLayout
    self.precision = precision
  }
}

extension KernelID {
  /// Every family with its name in kernels.def, in id order.
  public static var all: [(id: KernelID, name: String)] {
    families.indices.map { (KernelID(rawValue: UInt16($0 + 1)), "\(families[$0].name)") }
  }

  /// Nil for an id this version does not know.
  private var family: KernelFamily? {
    KernelID.families.indices.contains(Int(rawValue) - 1) ? KernelID.families[Int(rawValue) - 1] : nil
  }

  /// The name in kernels.def; nil for an id this version does not know.
  public var name: String? { family.map { "\($0.name)" } }

  /// The kind of op this kernel family computes; nil for an id this version does not know.
  public var opKind: OpKind? { family?.opKind }

  /// How a product's kernel wants its weight; row-major for everything that is no packed product.
  public var weightLayout: WeightLayout { family?.weightLayout ?? .rowMajor }

  /// Whether this family computes `op` when its weight lies in `layout` (row-major for ops without one): the kind must
  /// match, and within a kind the elements of the operands.
  public func computes(_ op: PlanOp, weight layout: WeightLayout) -> Bool {
    guard let family, family.opKind == op.kind, family.weightLayout == layout else { return false }
    return !op.kind.definition.encodes || family.precision == op.encodedElement
  }

  /// What a kernel that encodes writes.
  public var encodedElement: ElementType { family?.precision ?? .f32 }

  /// How many bf16 the operands of its products, which attention splits itself, or the elements that an encode kernel
  /// writes, are sums of; 1 for all other families.
  public var planes: Int { splitsOperands ? 3 : family?.precision.planes ?? 1 }

  /// Whether this family is attention that splits its f32 operands into planes of bf16.
  public var splitsOperands: Bool { family?.scratch == .attentionPlanes }

  /// Whether this family is attention that reads what a product encoded.
  public var readsEncoded: Bool { family?.scratch == .attentionEncoded }

  /// Whether this family is faster than its alternatives only where a CPU has a unit for tiles.
  public var needsTileUnit: Bool { planes > 1 || readsEncoded }

  /// How far a product of bf16 planes with about a thousand terms, or attention by such, lies from the exact one,
  /// relative to the root mean square of the results, on any tier (specs/kernels.md); nil for all other families. Those
  /// of three planes count as f32: their root mean square is at most that of f32's.
  public var statedError: (rms: Double, largest: Double)? {
    switch self {
    case .gemmF32X3: (rms: 5e-6, largest: 5e-5)
    case .gemmF32X6, .attentionF32X6, .attentionScoredF32X6: (rms: 1e-6, largest: 1e-5)
    default: nil
    }
  }

  /// Whether this family rounds f32 operands to bf16 within the op: a plan that promises f32 has none such.
  /// Attention takes f32 whatever it multiplies; a product in low precision takes what an encode op wrote.
  public var roundsOperands: Bool {
    guard let family else { return false }
    return family.opKind.family == .attention && family.precision != .f32
  }

  /// Elements of scratch that each worker of this family uses: `ck_scratch_elements`, which a test compares it with. Of
  /// a row-major product: when the op has an index.
  public func scratch(rows: Int, innerRows: Int, depth: Int) -> Int {
    let panel = KernelConstants.panel
    func padded(_ count: Int) -> Int { (count + panel - 1) / panel * panel }
    let keys = padded(innerRows)
    switch family?.scratch {
    case nil, .some(.none): return 0
    case .indexedRows: return rows * depth
    case .attention, .optionalAttention: return KernelConstants.attentionBlock * keys
    case .attentionBF16, .attentionEncoded:
      // The scores and the queries of a block; the head's keys and values in bf16. Of encoded rows also the head's
      // queries, keys, values and result in f32.
      let width = padded(depth)
      let decoded = family?.scratch == .attentionEncoded ? 4 * innerRows * depth : 0
      return KernelConstants.attentionBF16Block * (keys + panel + width / 2) + keys * width + decoded
    case .attentionPlanes:
      // Planes of the head's keys and values; a block's weights or probabilities.
      func inTiles(_ count: Int) -> Int { (count + 31) / 32 * 32 }
      return inTiles(innerRows) * (3 * inTiles(depth) + KernelConstants.attentionBlock)
    case .tokenScores: return KernelConstants.selectionScratch * innerRows
    }
  }

  /// Whether this family also runs without scratch, only slower.
  public var scratchIsOptional: Bool { family?.scratch == .optionalAttention }
}

extension PlanOp {
  /// What an op that encodes writes: i8 codes when it also writes their scales, else bf16, of an encode op in as many
  /// planes as `extent` says.
  public var encodedElement: ElementType {
    guard output2.isNone else { return .i8 }
    guard kind == .encode else { return .bf16 }
    return [ElementType.bf16x2, .bf16x3].first { $0.planes == extent } ?? .bf16
  }

  /// An encode op of `columns` columns that writes `element`, and scales where codes have them; its operands are the
  /// caller's to place.
  public static func encode(as element: ElementType, layer: Int, rows: RowCount, columns: Int) -> PlanOp {
    var op = PlanOp(.encode, layer: layer, rows: rows, columns: columns)
    op.output = Operand(slot: 0)
    if element == .i8 { op.output2 = Operand(slot: 0) }
    if element.planes > 1 { op.extent = UInt32(element.planes) }
    return op
  }
}
