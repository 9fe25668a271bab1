package import TaperPlanFormat

/// Predicted times of ops by row counts, with the kernel that would serve them. Each is computed once and cached.
///
/// Ops that differ only in where their operands are cost the same, so an encoder of twelve layers has about fifteen
/// different prices, each over the row counts that occur. A planning run has one pricer; threads do not share it.
package final class OpPricer {
  private struct Key: Hashable {
    var shape: Int
    var rows: Int
    var innerRows: Int
  }

  let cost: OpCosts
  /// Whether the fastest kernel is chosen by row count (pass kernel-selection).
  private let selects: Bool
  private let excluded: Set<KernelID>
  private var shapes: [PricedOp: Int] = [:]
  private var prices: [Key: Prediction] = [:]
  private var choices: [Key: KernelID] = [:]

  package init(_ cost: OpCosts, selectingKernels selects: Bool, excluding excluded: Set<KernelID> = []) {
    self.cost = cost
    self.selects = selects
    self.excluded = excluded
  }

  /// A number that ops of equal cost share.
  package func shape(of op: PricedOp) -> Int {
    let plain = PricedOp(op.op.withoutPlaces, layout: op.layout, mayRound: op.mayRound)
    if let known = shapes[plain] { return known }
    shapes[plain] = shapes.count
    return shapes.count - 1
  }

  /// The kernel that serves the op at `rows` rows: the fastest of those that read its operands in their layout, the
  /// lower id on a tie. Without the pass the first of them, which for row-major products is OpenBLAS, the portable
  /// default.
  package func kernel(_ op: PricedOp, rows: Int) -> KernelID {
    let key = Key(shape: shape(of: op), rows: rows, innerRows: 0)
    if let known = choices[key] { return known }
    let families = kernels(op)
    precondition(!families.isEmpty, "an op that no measured kernel serves was not refused")
    var best = families[0]
    if selects {
      // Where time depends on keys too, they are at most as many rows of the same layer.
      let innerRows = op.innerRows == .one ? 1 : rows
      var least = cost.predict(op.op, best, rows, innerRows).time
      for kernel in families.dropFirst() {
        let time = cost.predict(op.op, kernel, rows, innerRows).time
        if time < least { (best, least) = (kernel, time) }
      }
    }
    choices[key] = best
    return best
  }

  package func price(_ op: PricedOp, rows: Int, innerRows: Int) -> Prediction {
    let key = Key(shape: shape(of: op), rows: rows, innerRows: innerRows)
    if let known = prices[key] { return known }
    let price = cost.predict(op.op, kernel(op, rows: rows), rows, innerRows)
    prices[key] = price
    return price
  }

  /// Nanoseconds of the ops over every row count from 1 to `maximumLength`, each once, with as many keys; of ops of one
  /// row, of that one.
  package func total(_ ops: [PricedOp], maximumLength: Int) -> UInt64 {
    ops.reduce(0) { sum, op in
      (1...(op.rows == .one ? 1 : maximumLength)).reduce(sum) {
        $0 &+ price(op, rows: $1, innerRows: op.innerRows == .one ? 1 : $1).time.rawValue
      }
    }
  }

  /// The kernels of `op` by row count up to `maximumRows`, equal neighbours joined; the last covers every count.
  package func selections(of op: PricedOp, number: Int, maximumRows: Int) -> [KernelSelection] {
    var selections: [KernelSelection] = []
    for rows in 1...maximumRows {
      let kernel = kernel(op, rows: rows)
      if selections.last?.kernel == kernel {
        selections[selections.count - 1].maximumRows = UInt16(rows)
      } else {
        selections.append(KernelSelection(op: number, maximumRows: rows, kernel: kernel))
      }
    }
    selections[selections.count - 1].maximumRows = .max
    return selections
  }

  /// A run's prediction from those of its ops.
  package func endToEnd(_ ops: [Prediction]) -> Prediction { cost.endToEnd(ops) }

  package var runOverhead: Nanoseconds { cost.runOverhead }

  /// Time at a percentile over the median time of a run; nil when unknown.
  package func tail(_ percentile: Percentile) -> Double? { cost.tail(percentile) }

  /// The limits with every deadline replaced by the largest median time of a run that meets it at the percentile.
  package func medians(of limits: TimeLimits) -> TimeLimits {
    let ratio = tail(limits.percentile) ?? 1
    let steps = limits.steps.map { step in
      // Rounded down, so that a run that meets this meets the deadline.
      TimeLimits.Step(upTo: step.maximumLength, Nanoseconds(UInt64(Double(step.time.rawValue) / ratio)))
    }
    return TimeLimits(steps, average: limits.average)
  }

  /// The time at `percentile` of a run whose median is `median`.
  package func time(_ median: Nanoseconds, at percentile: Percentile) -> Nanoseconds {
    Nanoseconds(UInt64((Double(median.rawValue) * (tail(percentile) ?? 1)).rounded()))
  }

  /// The profile's kernels, without the excluded ones, that read the op's operands in their layout and at least in the
  /// precision asked for, in id order.
  package func kernels(_ op: PricedOp) -> [KernelID] {
    cost.kernels(op.kind).filter {
      $0.computes(op.op, weight: op.layout) && (!$0.roundsOperands || op.mayRound) && !excluded.contains($0)
    }.sorted { $0.rawValue < $1.rawValue }
  }

  /// The first op for which the profile has no kernel; nil when it has one for each.
  package func firstWithoutKernel(_ ops: [PricedOp]) -> PricedOp? { ops.first { kernels($0).isEmpty } }
}

extension PlanOp {
  /// The op without what does not change its cost: places, numbers, conditions.
  fileprivate var withoutPlaces: PlanOp {
    var op = self
    let here = Operand(slot: 0)
    for path in [\PlanOp.a, \.b, \.c, \.output, \.output2, \.index, \.origin, \.scratch] {
      if !op[keyPath: path].isNone { op[keyPath: path] = here }
    }
    for path in [\PlanOp.weight, \.bias, \.gamma, \.beta, \.table0, \.table1, \.table2] {
      if !op[keyPath: path].isNone { op[keyPath: path] = WeightReference(rawValue: 0) }
    }
    op.layer = 0
    op.condition = .always
    op.fusionGroup = 0
    op.rows = .one
    op.innerRows = innerRows == .one ? .one : .input
    op.scratchStride = 0
    return op
  }
}
