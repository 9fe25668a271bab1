// Names of enumeration cases as plan text and commands print them; part of the golden files.

extension ElementType {
  public var name: String {
    switch self {
    case .f32: "f32"
    case .u32: "u32"
    case .f16: "f16"
    case .bf16: "bf16"
    case .i8: "i8"
    }
  }
}

extension WeightLayout {
  public var name: String {
    switch self {
    case .rowMajor: "rowMajor"
    case .panelF32: "panelF32"
    case .panelBF16: "panelBF16"
    case .panelI8: "panelI8"
    }
  }
}

extension HeadKind {
  public var name: String {
    switch self {
    case .embedding: "embedding"
    case .classification: "classification"
    case .multiLabel: "multiLabel"
    case .regression: "regression"
    case .tokenClassification: "tokenClassification"
    }
  }
}

extension Pooling {
  public var name: String {
    switch self {
    case .mean: "mean"
    case .cls: "cls"
    case .tokens: "tokens"
    }
  }
}

extension OpGuard {
  public var name: String {
    switch self {
    case .always: "always"
    case .ifReduced: "ifReduced"
    case .ifNotReduced: "ifNotReduced"
    }
  }
}

extension Activation {
  public var name: String {
    switch self {
    case .none: "none"
    case .gelu: "gelu"
    case .geluTanh: "geluTanh"
    case .relu: "relu"
    case .tanh: "tanh"
    }
  }
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

extension Bound {
  public var name: String {
    switch self {
    case .compute: "compute"
    case .bandwidth: "bandwidth"
    case .overhead: "overhead"
    }
  }
}

extension Provenance {
  public var name: String {
    switch self {
    case .measured: "measured"
    case .interpolated: "interpolated"
    case .modelled: "modelled"
    }
  }
}

extension AccuracyEvidence.Metric {
  public var name: String {
    switch self {
    case .accuracy: "accuracy"
    case .agreement: "agreement"
    case .determination: "r2"
    }
  }
}

extension AccuracyEvidence.Source {
  public var name: String {
    switch self {
    case .heldOut: "held-out"
    case .calibration: "calibration"
    }
  }
}
