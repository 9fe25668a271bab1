package import TaperPlanFormat

/// What a product's weights and activations are reduced to. Raw values are the command line's and the plan's words.
public enum Precision: String, CaseIterable, Hashable, Sendable {
  case f32
  /// Both as sums of two bf16, of whose four products the largest three are added in f32: five to a dozen times the
  /// error of f32, a five-hundredth of that of bf16. For CPUs whose bf16 is many times faster than f32.
  case f32x3
  /// Both rounded to bf16; products exact, sums f32.
  case bf16
  /// Weights with a scale a column, activations with a scale a row; sums exact.
  case int8

  /// The layouts that its products' weights may have, the preferred first.
  package var layouts: [WeightLayout] {
    switch self {
    case .f32: [.rowMajor, .panelF32, .panelBF16x3]
    case .f32x3: [.panelBF16x2]
    case .bf16: [.panelBF16]
    case .int8: [.panelI8, .panelI8Pairs]
    }
  }
}

extension Precision {
  /// Whether attention over what its products compute may round to bf16.
  fileprivate var roundsAttention: Bool { self == .bf16 || self == .int8 }
}

extension PlanIdentity {
  /// The precision of the plan's products in a word: "int8", or "mixed" where some differ.
  package var precisionWord: String { Precision(rawValue: precision)?.rawValue ?? "mixed" }
}

/// The precision of every product of the encoder's layers; embeddings, norms, pooling and head stay f32, and so does
/// attention but where `roundsAttention` lets it round.
public struct PrecisionAssignment: Hashable, Sendable {
  /// Of products that are not named.
  public var base: Precision
  /// By the name of the product's weight in the plan ("layer.1.qkv.weight").
  public var exceptions: [String: Precision]

  public init(_ base: Precision = .f32, exceptions: [String: Precision] = [:]) {
    self.base = base
    self.exceptions = exceptions
  }

  /// As the plan's identity says it: the base, and how many products differ from it.
  public var name: String {
    let others = exceptions.values.count { $0 != base }
    return others == 0 ? base.rawValue : "\(base.rawValue), \(others) products otherwise"
  }

  /// The base of the assignment that has that name.
  package static func base(named name: String) -> Precision {
    Precision.allCases.first { name == $0.rawValue || name.hasPrefix($0.rawValue + ",") } ?? .f32
  }

  /// The same precisions with the most frequent one as the base (the more precise of equals), so that equal assignments
  /// read alike.
  /// - Precondition: every product is named.
  public var simplified: PrecisionAssignment {
    let counts = Precision.allCases.map { precision in exceptions.values.count { $0 == precision } }
    let most = counts.indices.max { (counts[$0], -$0) < (counts[$1], -$1) } ?? 0
    let base = counts[most] > 0 ? Precision.allCases[most] : base
    return PrecisionAssignment(base, exceptions: exceptions.filter { $0.value != base })
  }

  /// Whether a layer's attention may round to bf16: when its queries, keys and values come out of products of low
  /// precision.
  package func roundsAttention(layer: Int) -> Bool {
    if let fused = exceptions["layer.\(layer).qkv.weight"] { return fused.roundsAttention }
    return ["query", "key", "value"].allSatisfy {
      precision(of: "layer.\(layer).\($0).weight").roundsAttention
    }
  }

  public func precision(of weight: String) -> Precision { exceptions[weight] ?? base }
}
