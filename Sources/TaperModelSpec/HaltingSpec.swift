import TaperJSON
import TaperPlanFormat

/// Halting points (DACT-BERT; specs/tuned-checkpoints.md section 5): with x_n the features of layer n (what a linear
/// head after it would read: pooled as the head pools, divided by the L2 norm when the head's are), p_0 = 1, a_0 = 0,
///
///     y_n = softmax(C_n x_n + c_n)        h_n = σ(u_nᵀ x_n + v_n)        p_n = h_n·p_{n−1}
///     a_n = y_n·p_{n−1} + a_{n−1}·(1 − p_{n−1})
///
/// and the answer is a_L. A run may stop earlier, when no later layer can change the argmax. Tensors:
/// `TensorRole.halting(layer, part)`, classifiers of every layer, units of every layer but the last. Pooling,
/// normalisation and classes are the head's, which loading checks.
public struct HaltingSpec: Hashable, Sendable {
  /// L.
  public let layers: Int
  public let classes: Int
  /// τ, the cost of a layer in the training loss.
  public let price: Double
  /// Whether the encoder was trained with the units; otherwise it was frozen.
  public let encoderTrained: Bool

  init(_ file: JSONFile, layers count: Int, head: HeadSpec) throws(ModelSpecError) {
    let remedy = "; run tune halting again on this head, or load a copy without taper.halting"
    layers = try file.integer("layers", in: count...count)
    guard head.kind == .classification, !head.hasDenseSteps else {
      throw .value(
        path: file.path, key: file.keyPath + "classes",
        expected: "absent unless the head is a classifier without a pooler or a module\(remedy)",
        found: "a head of \(head.kind)"
          + (head.hasDenseSteps ? " with dense layers or norms" : ""))
    }
    classes = try file.integer("classes", in: 2...65536)
    guard classes == head.outputWidth else {
      throw file.failure(
        "classes", expected: "the head's \(head.outputWidth)\(remedy)", file.value["classes"])
    }
    price = try file.number("tau", in: 0...1e6)
    encoderTrained = try file.bool("encoder_trained")
    guard try file.string("pooling") == head.pooling.name else {
      throw file.failure(
        "pooling", expected: "the head's \"\(head.pooling.name)\"\(remedy)", file.value["pooling"])
    }
    guard try file.bool("follows_normalization") == head.normalized else {
      throw file.failure(
        "follows_normalization", expected: "the head's \(head.normalized)\(remedy)",
        file.value["follows_normalization"])
    }
  }
}

/// The tensors of one halting point.
public enum HaltingPart: String, CaseIterable, Hashable, Sendable {
  /// [classes, hidden]
  case classifierWeight = "classifier.weight"
  case classifierBias = "classifier.bias"
  /// [1, hidden]; the last layer has none.
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
