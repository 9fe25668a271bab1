/// A tensor of a graph under evaluation, row-major. Every float is a `Float`, every integer an `Int`, and truth is 0 or
/// 1: the graph's narrower types only say how its constants are stored.
struct GraphTensor: Hashable, Sendable {
  enum Elements: Hashable, Sendable {
    case floats([Float])
    case integers([Int])
  }

  var shape: [Int]
  var elements: Elements

  init(shape: [Int], elements: Elements) {
    self.shape = shape
    self.elements = elements
  }

  init(_ shape: [Int], floats: [Float]) {
    self.shape = shape
    elements = .floats(floats)
  }

  init(_ shape: [Int], integers: [Int]) {
    self.shape = shape
    elements = .integers(integers)
  }

  static func vector(_ integers: [Int]) -> GraphTensor { GraphTensor([integers.count], integers: integers) }
  static func scalar(_ float: Float) -> GraphTensor { GraphTensor([], floats: [float]) }
  static func scalar(_ integer: Int) -> GraphTensor { GraphTensor([], integers: [integer]) }

  var count: Int {
    switch elements {
    case .floats(let values): values.count
    case .integers(let values): values.count
    }
  }

  var isFloat: Bool { if case .floats = elements { true } else { false } }

  /// The elements as floats.
  var floats: [Float] {
    switch elements {
    case .floats(let values): values
    case .integers(let values): values.map { Float($0) }
    }
  }

  /// The elements as integers, rounded towards zero; what no `Int` holds becomes the nearest one, and NaN 0.
  var integers: [Int] {
    switch elements {
    case .integers(let values): values
    case .floats(let values): values.map(Self.integer)
    }
  }

  static func integer(_ value: Float) -> Int {
    if value.isNaN { return 0 }
    return value >= 0x1p62 ? 1 << 62 : value <= -0x1p62 ? -1 << 62 : Int(value)
  }

  /// Whether any element is not zero.
  var hasNonzero: Bool {
    switch elements {
    case .floats(let values): values.contains { $0 != 0 }
    case .integers(let values): values.contains { $0 != 0 }
    }
  }

  /// The shape without leading ones.
  var trimmedShape: [Int] { Array(shape.drop { $0 == 1 }) }

  /// The product of a shape; nil when it is none (a negative size) or beyond `limit`.
  static func count(_ shape: [Int], limit: Int) -> Int? {
    // An empty axis must not hide that the others overflow.
    var (count, isEmpty) = (1, false)
    for size in shape {
      guard size >= 0 else { return nil }
      if size == 0 {
        isEmpty = true
        continue
      }
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard !overflow, product <= limit else { return nil }
      count = product
    }
    return isEmpty ? 0 : count
  }
}
