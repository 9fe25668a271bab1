/// A product of a constant and some of an op's sizes, in the table of ops.
public struct SizeProduct: BitwiseCopyable, Hashable, Sendable {
  public enum Size: UInt8, BitwiseCopyable, Hashable, Sendable { case rows, innerRows, columns, depth, heads }

  private let factor: UInt64
  /// How often each size occurs, by its raw value.
  private let powers: SIMD8<UInt8>

  static func product(_ factor: UInt64, _ sizes: Size...) -> SizeProduct {
    var powers = SIMD8<UInt8>()
    for size in sizes { powers[Int(size.rawValue)] += 1 }
    return SizeProduct(factor: factor, powers: powers)
  }

  /// The value at given sizes, times `scale`. Saturates instead of overflowing: shapes may come from an unchecked plan.
  public func value(at sizes: SizeValues, scale: Int = 1) -> UInt64 {
    var value = factor
    func multiply(_ size: Int, times: UInt8) {
      for _ in 0..<times {
        let (product, overflow) = value.multipliedReportingOverflow(by: UInt64(clamping: size))
        value = overflow ? SizeProduct.limit : product
      }
    }
    multiply(scale, times: 1)
    multiply(sizes.rows, times: powers[0])
    multiply(sizes.innerRows, times: powers[1])
    multiply(sizes.columns, times: powers[2])
    multiply(sizes.depth, times: powers[3])
    multiply(sizes.heads, times: powers[4])
    return value
  }

  /// A few of these still have a sum.
  private static let limit = UInt64.max >> 8
}

/// An op's sizes and the row counts of one input.
public struct SizeValues: BitwiseCopyable, Hashable, Sendable {
  public var rows: Int
  public var innerRows: Int
  public var columns: Int
  public var depth: Int
  public var heads: Int
  public init(rows: Int, innerRows: Int, columns: Int, depth: Int, heads: Int) {
    self.rows = rows
    self.innerRows = innerRows
    self.columns = columns
    self.depth = depth
    self.heads = heads
  }
}

/// A part of an op's memory traffic.
public enum Traffic: BitwiseCopyable, Hashable, Sendable {
  /// Elements of four bytes: f32, and row numbers.
  case words(SizeProduct)
  /// The weight matrix, as its layout stores it.
  case weight
  /// A product's input, in elements that the weight's layout decides.
  case input(SizeProduct)
  /// What an op that encodes writes, or one of the same element reads; with int8 a scale and a zero for every row too.
  case encoded(SizeProduct)

  /// Bytes at given sizes, with a weight in `layout` and codes of `encoded`.
  public func bytes(at sizes: SizeValues, layout: WeightLayout, encoded: ElementType) -> UInt64 {
    switch self {
    case .words(let elements): elements.value(at: sizes, scale: 4)
    case .weight: layout.byteCount(columns: sizes.columns, depth: sizes.depth)
    case .input(let elements): elements.value(at: sizes, scale: layout.activation.byteCount)
    case .encoded(let elements):
      elements.value(at: sizes, scale: encoded.byteCount)
        &+ (encoded == .i8 ? SizeProduct.product(8, .rows).value(at: sizes) : 0)
    }
  }
}
