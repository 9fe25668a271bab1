import TaperPlanFormat

/// Predicted time of an op list for any keep counts, fast enough to try every schedule of a family.
///
/// A layer's time depends only on the tokens that enter and leave it. Layers of the same ops share a table of it, which
/// is filled on demand. The time before the first layer depends on n, and the time after the last on T(L) and n.
package final class OpListTimer {
  private let pricer: OpPricer
  private let maximumLength: Int
  /// By layer 0…L + 1: the ops, and the number of the table with their times.
  private var layers: [[PricedOp]]
  private var tableNumbers: [Int] = []
  private var tables: [[UInt64]] = []

  package init(_ ops: [PricedOp], layerCount: Int, maximumLength: Int, pricer: OpPricer) {
    self.pricer = pricer
    self.maximumLength = maximumLength
    layers = (0...layerCount + 1).map { layer in
      ops.filter { OpListTimer.layer(of: $0, layerCount: layerCount) == layer }
    }
    var known: [[LayerKey]: Int] = [:]
    for (number, layer) in layers.enumerated() {
      let keys = layer.map { LayerKey($0, layer: number, pricer) }
      if known[keys] == nil {
        known[keys] = tables.count
        tables.append([UInt64](repeating: .max, count: (maximumLength + 1) * (maximumLength + 1)))
      }
      tableNumbers.append(known[keys] ?? 0)
    }
  }

  /// The layer whose table has the op's time. Work of a halting point on all n rows depends on n alone, like the ops
  /// before the first layer.
  private static func layer(of op: PricedOp, layerCount: Int) -> Int {
    let layer = Int(op.layer)
    return layer > 1 && layer <= layerCount && (op.rows == .input || op.innerRows == .input) ? 0 : layer
  }

  /// Layers with equal keys take equal times.
  private struct LayerKey: Hashable {
    var shape: Int
    var condition: OpGuard
    var rows: Int
    var innerRows: Int

    init(_ op: PricedOp, layer: Int, _ pricer: OpPricer) {
      shape = pricer.shape(of: op)
      condition = op.condition
      rows = LayerKey.relative(op.rows, layer)
      innerRows = LayerKey.relative(op.innerRows, layer)
    }

    /// 0: T(l), 1: T(l−1), 2: one row, 3: the input length.
    private static func relative(_ rows: RowCount, _ layer: Int) -> Int {
      guard let named = rows.layer else { return 2 }
      return named == layer ? 0 : named == layer - 1 ? 1 : 3
    }
  }

  /// Nanoseconds for T(0)…T(L).
  package func time(_ counts: [Int]) -> UInt64 {
    var total = pricer.runOverhead.rawValue
    let last = layers.count - 1
    for layer in 0...last {
      let entering = layer == 0 ? counts[0] : counts[layer - 1]
      let leaving = layer == 0 || layer == last ? counts[0] : counts[layer]
      total &+= time(layer, entering: entering, leaving: leaving)
    }
    return total
  }

  private func time(_ layer: Int, entering: Int, leaving: Int) -> UInt64 {
    let place = entering * (maximumLength + 1) + leaving
    let known = tables[tableNumbers[layer]][place]
    if known != .max { return known }
    let isReduced = Schedule.isReduced(layer: layer, layerCount: layers.count - 2) {
      $0 == layer ? leaving : entering
    }
    let time = layers[layer].reduce(UInt64(0)) { sum, op in
      guard op.condition.holds(isReduced: isReduced) else { return sum }
      func value(_ rows: RowCount) -> Int {
        guard let named = rows.layer else { return 1 }
        if layer == layers.count - 1 { return named == layer - 1 ? entering : leaving }
        return named == layer ? leaving : entering
      }
      return sum &+ pricer.price(op, rows: value(op.rows), innerRows: value(op.innerRows)).time.rawValue
    }
    tables[tableNumbers[layer]][place] = time
    return time
  }
}
