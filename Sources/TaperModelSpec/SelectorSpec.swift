import TaperJSON

/// Selectors (TR-BERT; specs/tuned-checkpoints.md section 4): after each of `layers`, a token with state h enters the
/// next layer when
///
///     π = σ(w2ᵀ GELU(W1 h + b1) + b2) ≥ threshold          GELU exact, by erf
///
/// and row 0 always does. Tensors: `TensorRole.selector(layer, part)`.
public struct SelectorSpec: Hashable, Sendable {
  /// Counted from 1, ascending, below the last layer.
  public let layers: [Int]
  /// Rows of W1.
  public let width: Int
  public let threshold: Double
  /// λ, the cost of a token in the loss at the end of training.
  public let price: Double
  /// Whether training searched λ for a requested FLOPs speedup.
  public let priceSearched: Bool
  /// That speedup; nil when λ was given.
  public let speedup: Double?

  init(_ file: JSONFile, layers count: Int) throws(ModelSpecError) {
    guard count > 1 else {
      throw .value(
        path: file.path, key: file.keyPath + "layers",
        expected: "absent: a selector needs a layer after it", found: "a model of one layer")
    }
    layers = try file.integers("layers", atLeast: 1, in: 1...count - 1)
    guard zip(layers, layers.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw file.failure("layers", expected: "ascending layers", file.value["layers"])
    }
    width = try file.integer("width", in: 1...65536)
    guard try file.string("activation") == "gelu" else {
      throw file.failure("activation", expected: "\"gelu\"", file.value["activation"])
    }
    threshold = try file.number("threshold", in: 0...1)
    price = try file.number("lambda", in: 0...1e6)
    priceSearched = try file.bool("lambda_searched")
    speedup = file.member("speedup") == nil ? nil : try file.number("speedup", in: 1...1e6)
  }
}

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
