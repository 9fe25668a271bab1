/// The tensors of one halting point.
public enum HaltingPart: String, CaseIterable, Hashable, Sendable {
  /// [classes, hidden]
  case classifierWeight = "classifier.weight"
  case classifierBias = "classifier.bias"
  /// [1, hidden]; the last layer has no unit.
  case unitWeight = "unit.weight"
  case unitBias = "unit.bias"

  static let ofLastLayer: [HaltingPart] = [.classifierWeight, .classifierBias]

  func shape(hidden: Int, classes: Int) -> [Int] {
    switch self {
    case .classifierWeight: [classes, hidden]
    case .classifierBias: [classes]
    case .unitWeight: [1, hidden]
    case .unitBias: [1]
    }
  }
}
