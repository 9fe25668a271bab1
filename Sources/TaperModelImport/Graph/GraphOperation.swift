/// The operations that every graph is translated into: what is said of their inputs holds in this order.
///
/// Axes below zero count from the end. Elementwise operations broadcast as numpy does.
enum GraphOperation: Hashable, Sendable {
  enum Unary: Hashable, Sendable {
    case abs, negative, reciprocal, squareRoot, exponential, logarithm, sine, cosine, erf, tanh, sigmoid, relu
    case silu, gelu, geluTanh, floor, ceiling, round, sign, not, isNaN, softplus, quickGelu
  }

  enum Binary: Hashable, Sendable {
    case add, subtract, multiply, divide, power, minimum, maximum, remainder, squaredDifference
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual, and, or, xor
    /// With the sign of the dividend; `remainder` has the divisor's.
    case truncatedRemainder
    case bitwiseAnd, bitwiseOr, bitwiseXor
  }

  enum Reduction: Hashable, Sendable {
    case mean, sum, maximum, minimum, product, norm, sumOfSquares, any, all
  }

  enum Kind: Hashable, Sendable { case float, integer, boolean }

  case identity
  /// The input itself, which must have so many axes.
  case ranked(Int)
  /// To another kind; roundings of narrower floats are left out.
  case convert(Kind)
  /// To the kind of the second input.
  case convertLike
  case unary(Unary)
  case binary(Binary)
  /// Condition, value where true, value where false.
  case select
  /// Limits are optional inputs.
  case clip
  case matMul(transposeA: Bool, transposeB: Bool)
  /// Of integers, each with a zero point (optional inputs three and four). The second's may be one a column.
  case integerMatMul
  /// Where `flattens`, over all axes from the given one on, as ONNX had it before opset 13.
  case softmax(axis: Int, flattens: Bool)
  /// Mean 0 and variance 1 over the axes of the second input.
  case normalize(epsilon: Float)
  /// Divided by the L2 norm over the axes of the second input.
  case l2Normalize(epsilon: Float, takesMaximum: Bool)
  /// Axes are the second input; none: all, or nothing where `ignoresNoAxes`.
  case reduce(Reduction, keepsAxes: Bool, ignoresNoAxes: Bool)
  case gather(axis: Int)
  case gatherElements(axis: Int)
  case gatherND(batchAxes: Int)
  case scatterND
  /// Starts, ends, and optionally axes and steps.
  case slice
  /// Starts, ends and optionally steps; masks say which of them count.
  case stridedSlice(StridedSlice)
  case concatenate(axis: Int)
  /// Sizes are the second input, or else as many equal parts as there are outputs.
  case split(axis: Int)
  /// Zero: the input's own size.
  case reshape(zeroCopies: Bool)
  case flatten(axis: Int)
  /// Nil: the axes in reverse. The order may be the second input.
  case transpose([Int]?)
  case unsqueeze
  /// Axes are the optional second input.
  case squeeze
  /// To a shape; where not `isMutual`, it must hold the input's own.
  case expand(isMutual: Bool)
  case tile
  case shape
  /// A shape and a value.
  case fill
  /// Start, end, step.
  case range
  /// The second input is the axis.
  case cumulativeSum(isExclusive: Bool, isReversed: Bool)
  /// The second, optional input is the diagonal.
  case triangle(isUpper: Bool)
  /// Indices, depth, and off and on values.
  case oneHot(axis: Int)
  /// Scale and an optional zero point.
  case quantize(axis: Int, QuantizedRange)
  case dequantize(axis: Int, block: Int)
  /// Outputs are codes, scale and zero point.
  case dynamicQuantize
  /// Lower and upper limits of the input, and those of the output.
  case fakeQuantize(levels: Int)
  /// What an attention mask of a fused node (lengths, or one number a token) adds to scores; nothing where every token
  /// counts, which is all that graphs are evaluated for.
  case maskBias
  /// A mask that is added to scores as it is; of truth values, 0 where true and −∞ elsewhere.
  case attentionMask

  struct StridedSlice: Hashable, Sendable {
    var ignoresBegin: [Int]
    var ignoresEnd: [Int]
    var newAxes: [Int]
    var shrunkAxes: [Int]
    var ellipsis: [Int]
  }

  /// The codes that a quantised type has.
  struct QuantizedRange: Hashable, Sendable {
    var lowest: Int
    var highest: Int
    static let u8 = QuantizedRange(lowest: 0, highest: 255)
    static let i8 = QuantizedRange(lowest: -128, highest: 127)
  }
}
