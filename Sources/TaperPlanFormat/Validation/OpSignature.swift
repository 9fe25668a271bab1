/// Which operands an op kind reads and writes: the drivers' documentation in ck_op.h as data.
struct OpSignature {
  /// Bits by `OperandRole.rawValue`.
  var required: UInt16
  var optional: UInt16

  private init(_ required: [OperandRole], optional: [OperandRole] = []) {
    self.required = OpSignature.mask(required)
    self.optional = OpSignature.mask(optional)
  }

  private static func mask(_ roles: [OperandRole]) -> UInt16 {
    var mask: UInt16 = 0
    for role in roles { mask |= 1 << UInt16(role.rawValue) }
    return mask
  }

  /// Scratch is allowed everywhere: which ops need how much is the walk's rule `scratchSize`.
  init(_ kind: OpKind) {
    switch kind {
    case .embed:
      self.init([.output, .table0, .table1], optional: [.table2, .gamma, .beta, .scratch])
    case .gemm: self.init([.a, .output, .weight], optional: [.b, .bias, .index, .scratch])
    case .encode: self.init([.a, .output], optional: [.output2, .index, .gamma, .scratch])
    case .biasActivation: self.init([.a, .output], optional: [.bias, .scratch])
    case .add: self.init([.a, .b, .output], optional: [.index, .scratch])
    case .layerNorm: self.init([.a, .output, .gamma, .beta], optional: [.b, .bias, .index, .scratch])
    case .attention: self.init([.a, .b, .c, .output], optional: [.bias, .origin, .index, .scratch])
    case .attentionScored:
      self.init([.a, .b, .c, .output, .output2], optional: [.bias, .origin, .scratch])
    case .attentionScores: self.init([.a, .b, .output, .output2], optional: [.bias, .origin, .scratch])
    case .attentionContext: self.init([.b, .c, .output], optional: [.index, .scratch])
    case .iota: self.init([.output], optional: [.scratch])
    case .select, .selectAbove: self.init([.a, .output], optional: [.scratch])
    case .scatter: self.init([.a, .output], optional: [.origin, .index, .scratch])
    case .compose: self.init([.output, .index], optional: [.scratch])
    case .gather: self.init([.a, .output, .index], optional: [.scratch])
    case .accumulate: self.init([.b, .output], optional: [.a, .c, .weight, .bias, .scratch])
    case .haltAuthors, .haltTight: self.init([.a, .output], optional: [.scratch])
    case .mean, .l2Normalize, .softmax, .sigmoid: self.init([.a, .output], optional: [.scratch])
    }
  }

  func requires(_ role: OperandRole) -> Bool { required >> UInt16(role.rawValue) & 1 == 1 }
  func allows(_ role: OperandRole) -> Bool { (required | optional) >> UInt16(role.rawValue) & 1 == 1 }
}

extension OpKind {
  /// Whether the op's output is a slot of row numbers.
  var writesRowNumbers: Bool { selects || self == .iota || self == .compose }

  /// Whether the op chooses rows by their scores.
  public var selects: Bool { self == .select || self == .selectAbove }

  /// Whether the driver lets its output be its operand `a`.
  var allowsInPlace: Bool {
    self == .biasActivation || self == .add || self == .layerNorm || self == .accumulate
  }

  /// Whether the op works on the one row of answers that halting keeps.
  public var isAnswer: Bool { self == .accumulate || haltingRule != nil }

  /// Whether heads and depth say how wide the op's rows are.
  public var isAttention: Bool {
    switch self {
    case .attention, .attentionScores, .attentionScored, .attentionContext: true
    default: false
    }
  }

  /// Whether the op computes all rows' attention against all rows and gives the partial token scores.
  public var givesScores: Bool { self == .attentionScores || self == .attentionScored }
}
