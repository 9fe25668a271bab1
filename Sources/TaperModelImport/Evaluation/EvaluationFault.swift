/// Why a node cannot be evaluated: said of the node by who runs it.
struct EvaluationFault: Error {
  let found: String
  init(_ found: String) { self.found = found }
}

/// What one evaluation may take: memory and time, whatever a file asks for.
struct EvaluationBudget {
  /// Elements of one tensor.
  let elementLimit: Int
  /// Elements kept at one time.
  let keptLimit: Int
  /// Multiplications and additions, and elements made.
  private(set) var work: Int

  /// Real encoders need about one multiplication for each token and each element of their constants.
  init(constantBytes: Int) {
    let bytes = min(constantBytes, 1 << 40)
    elementLimit = min(max(1 << 22, 2 * bytes + 1024), 1 << 29)
    keptLimit = 1 << 26
    work = 2_000_000_000 + 512 * bytes
  }

  mutating func spend(_ amount: Int) throws(EvaluationFault) {
    guard amount >= 0, amount <= work else {
      throw EvaluationFault("it needs more work than an encoder of this file's size does")
    }
    work -= amount
  }

  /// The elements of a result of this shape, paid for.
  mutating func count(_ shape: [Int]) throws(EvaluationFault) -> Int {
    guard let count = GraphTensor.count(shape, limit: elementLimit) else {
      throw EvaluationFault(
        "its result has the shape \(shape), which is none of an encoder of this file's size")
    }
    try spend(count)
    return count
  }
}

/// Axes and shapes of nodes.
enum Shapes {
  static func axis(_ axis: Int, rank: Int) throws(EvaluationFault) -> Int {
    guard (-rank..<rank).contains(axis) else { throw EvaluationFault("axis \(axis) of \(rank)") }
    return axis < 0 ? axis + rank : axis
  }

  static func axes(_ axes: [Int], rank: Int) throws(EvaluationFault) -> [Int] {
    guard axes.count <= rank else { throw EvaluationFault("\(axes.count) axes of \(rank)") }
    var found: [Int] = []
    for axis in axes { found.append(try Shapes.axis(axis, rank: rank)) }
    guard Set(found).count == found.count else { throw EvaluationFault("axes \(axes), one of them twice") }
    return found
  }

  /// Elements from one to the next along each axis.
  static func strides(_ shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
    return strides
  }

  static func broadcast(_ a: [Int], _ b: [Int]) throws(EvaluationFault) -> [Int] {
    var shape: [Int] = []
    let rank = max(a.count, b.count)
    for axis in 0..<rank {
      let one = axis < rank - a.count ? 1 : a[axis - (rank - a.count)]
      let other = axis < rank - b.count ? 1 : b[axis - (rank - b.count)]
      guard one == other || one == 1 || other == 1 else { throw EvaluationFault("shapes \(a) and \(b)") }
      shape.append(one == 1 ? other : one)
    }
    return shape
  }

  /// Strides of a tensor of `shape` read as one of `target`: 0 along axes that are repeated.
  static func strides(_ shape: [Int], in target: [Int]) -> [Int] {
    let own = strides(shape)
    let lead = target.count - shape.count
    return target.indices.map { $0 < lead || shape[$0 - lead] == 1 ? 0 : own[$0 - lead] }
  }

  /// The source's element for each element of `shape`, in order.
  /// - Precondition: `shape` has passed the budget.
  static func forEach(_ shape: [Int], _ strides: [Int], start: Int = 0, _ body: (Int) -> Void) {
    guard !shape.contains(0) else { return }
    var index = [Int](repeating: 0, count: shape.count)
    var place = start
    while true {
      body(place)
      var axis = shape.count - 1
      while axis >= 0 {
        index[axis] += 1
        place += strides[axis]
        if index[axis] < shape[axis] { break }
        place -= strides[axis] * shape[axis]
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }
}

extension GraphTensor {
  /// Elements at the places that strides lead to.
  func gathered(_ shape: [Int], strides: [Int], start: Int = 0, count: Int) -> GraphTensor {
    switch elements {
    case .floats(let values):
      var result: [Float] = []
      result.reserveCapacity(count)
      Shapes.forEach(shape, strides, start: start) { result.append(values[$0]) }
      return GraphTensor(shape, floats: result)
    case .integers(let values):
      var result: [Int] = []
      result.reserveCapacity(count)
      Shapes.forEach(shape, strides, start: start) { result.append(values[$0]) }
      return GraphTensor(shape, integers: result)
    }
  }

  /// Elements at these places.
  func at(_ places: [Int], shape: [Int]) -> GraphTensor {
    switch elements {
    case .floats(let values): GraphTensor(shape, floats: places.map { values[$0] })
    case .integers(let values): GraphTensor(shape, integers: places.map { values[$0] })
    }
  }
}
