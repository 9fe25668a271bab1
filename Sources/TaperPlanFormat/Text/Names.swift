/// An enumeration that the plan file stores by number and that text, JSON and commands show by name. The names are part
/// of the golden files.
public protocol NamedByNumber: RawRepresentable<UInt8> {
  /// The cases' names in order of their raw values, which start at 0 and have no gaps.
  static var names: [String] { get }
}

extension NamedByNumber {
  public var name: String { Self.names[Int(rawValue)] }
}

extension ElementType: NamedByNumber {
  public static let names = ["f32", "u32", "f16", "bf16", "i8", "bf16x2", "bf16x3"]
}

extension WeightLayout: NamedByNumber {
  public static let names = [
    "rowMajor", "panelF32", "panelBF16", "panelI8", "panelBF16x2", "panelBF16x3", "panelI8Pairs",
  ]
}

extension HeadKind: NamedByNumber {
  public static let names = [
    "embedding", "classification", "multiLabel", "regression", "tokenClassification", "sparse",
    "tokenVectors",
  ]
}

extension Pooling: NamedByNumber {
  public static let names = [
    "mean", "cls", "tokens", "max", "mean_sqrt_len_tokens", "weightedmean", "lasttoken", "sum",
  ]
}

extension OpGuard: NamedByNumber {
  public static let names = ["always", "ifReduced", "ifNotReduced"]
}

extension Activation: NamedByNumber {
  public static let names = ["none", "gelu", "geluTanh", "relu", "tanh", "silu"]
}

extension OperandRole: NamedByNumber {
  public static let names = [
    "a", "b", "c", "output", "output2", "index", "origin", "scratch", "weight", "bias", "gamma", "beta",
    "table0",
    "table1", "table2",
  ]
}

extension Bound: NamedByNumber {
  public static let names = ["compute", "bandwidth", "overhead"]
}

extension Provenance: NamedByNumber {
  public static let names = ["measured", "interpolated", "modelled"]
}

extension AccuracyEvidence.Metric: NamedByNumber {
  public static let names = ["accuracy", "agreement", "r2", "matthews", "f1", "spearman"]
}

extension AccuracyEvidence.Source: NamedByNumber {
  public static let names = ["held-out", "calibration"]
}

extension RowCount {
  /// "1", "n" (the input length) or "T(layer)".
  public var name: String {
    switch layer {
    case nil: "1"
    case 0: "n"
    case let layer?: "T(\(layer))"
    }
  }
}
