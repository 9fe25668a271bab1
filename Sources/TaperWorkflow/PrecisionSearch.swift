public import TaperPlanner

/// Finds the fastest precision of every product that loses no more accuracy than allowed (ours).
///
/// Greedy and bounded. Every product starts at its fastest precision. If that loses too much, each product is tried one
/// step more precise with the others left alone. The steps are sorted by the error they remove, most first (ties: the
/// plan's order), and the shortest prefix of that list that loses little enough, found by bisection, is taken. The
/// whole list is f32 everywhere, which loses nothing. At most products + log₂(steps) + a few measurements; same inputs,
/// same answer.
public struct PrecisionSearch {
  /// A product by its weight's name, with predicted times of the precisions that the profile has measured.
  public struct Product: Hashable, Sendable {
    public var name: String
    public var times: [Precision: UInt64]

    public init(name: String, times: [Precision: UInt64]) {
      self.name = name
      self.times = times
    }

    /// From the fastest to f32: each the fastest of those more precise than the one before.
    var ladder: [Precision] {
      var rungs: [Precision] = []
      // From the most precise to the least.
      var left = Precision.allCases.filter { times[$0] != nil }
      while let fastest = left.min(by: { times[$0] ?? .max < times[$1] ?? .max }) {
        rungs.append(fastest)
        left = Array(left.prefix { $0 != fastest })
      }
      return rungs
    }
  }

  /// What an assignment does to the answers, against the same plan in f32.
  public struct Damage: Hashable, Sendable {
    /// Share of agreement lost.
    public var lost: Double
    /// Mean squared difference of the outputs, relative: fine enough to rank single products by.
    public var error: Double

    public init(lost: Double, error: Double) {
      self.lost = lost
      self.error = error
    }
  }

  let products: [Product]
  /// Share of agreement that may be lost.
  let allowed: Double
  let measure: (PrecisionAssignment) throws -> Damage

  public init(
    products: [Product], allowed: Double, measure: @escaping (PrecisionAssignment) throws -> Damage
  ) {
    self.products = products
    self.allowed = allowed
    self.measure = measure
  }

  public func run(progress: (_ done: Int, _ total: Int) -> Void) throws -> PrecisionAssignment {
    let ladders = products.map(\.ladder)
    func assignment(_ rungs: [Int]) -> PrecisionAssignment {
      var found = PrecisionAssignment()
      for (number, product) in products.enumerated() {
        found.exceptions[product.name] = ladders[number][rungs[number]]
      }
      return found.simplified
    }
    let fastest = [Int](repeating: 0, count: products.count)
    let start = try measure(assignment(fastest))
    guard start.lost > allowed else { return assignment(fastest) }

    var relief: [(product: Int, error: Double)] = []
    for number in products.indices where ladders[number].count > 1 {
      progress(relief.count, products.count)
      var rungs = fastest
      rungs[number] = 1
      relief.append((number, start.error - (try measure(assignment(rungs)).error)))
    }
    let order = relief.sorted { ($1.error, $0.product) < ($0.error, $1.product) }.map(\.product)
    // Every product's first step, then every product's second.
    let steps = (1..<Precision.allCases.count).flatMap { rung in order.filter { ladders[$0].count > rung } }
    func taken(_ count: Int) -> PrecisionAssignment {
      var rungs = fastest
      for number in steps.prefix(count) { rungs[number] += 1 }
      return assignment(rungs)
    }
    // The whole list needs no measurement: it is f32.
    var (failing, meeting) = (0, steps.count)
    while meeting - failing > 1 {
      let middle = (failing + meeting) / 2
      if try measure(taken(middle)).lost <= allowed { meeting = middle } else { failing = middle }
    }
    return taken(meeting)
  }
}
