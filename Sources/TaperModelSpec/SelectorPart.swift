/// The tensors of one selector.
public enum SelectorPart: String, CaseIterable, Hashable, Sendable {
  /// [width, hidden]
  case w1Weight = "w1.weight"
  case w1Bias = "w1.bias"
  /// [1, width]
  case w2Weight = "w2.weight"
  case w2Bias = "w2.bias"

  func shape(hidden: Int, width: Int) -> [Int] {
    switch self {
    case .w1Weight: [width, hidden]
    case .w1Bias: [width]
    case .w2Weight: [1, width]
    case .w2Bias: [1]
    }
  }
}
