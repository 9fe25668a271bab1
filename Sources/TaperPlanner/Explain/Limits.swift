import TaperBase
public import TaperCostModel
import TaperDeviceProfile
public import TaperPlanFormat

/// What each layer of a plan is bound by on a device, and what each change ("lever") to it would save.
///
/// A lever is tried on one layer with all else as it is: 16 tokens fewer (a row tile), its products in the next lower
/// precision that the device was measured in, without the layer, or with other numbers of threads. Effects on
/// accuracy are not estimated. Both sides, before and after, are priced from the same profile.
public struct Limits: Hashable, Sendable {
  public enum Lever: String, CaseIterable, Hashable, Sendable {
    case tokens, precision, depth, threads
  }

  /// A row tile: how many tokens fewer are tried.
  public static let tokenStep = 16

  /// What a lever would save.
  public struct Saving: Hashable, Sendable {
    public var lever: Lever
    /// In words: "16 tokens fewer", "bf16", "2 threads".
    public var change: String
    public var time: Nanoseconds
  }

  public struct Layer: Hashable, Sendable {
    /// 1…L.
    public var layer: Int
    public var time: Nanoseconds
    /// The bound under which most of its time is spent, and the share that is.
    public var bound: Bound
    public var boundShare: Double
    /// Largest first; only those that save something.
    public var savings: [Saving]
  }

  /// Input length, in tokens.
  public var length: Int
  public var layers: [Layer]
  /// Levers on every layer at once (one layer for depth), largest first.
  public var whole: [Saving]
  /// Whether the plan was made from this very profile.
  public var isOwnProfile: Bool
  /// Kinds of ops that the profile has no kernel for, in the plan's order; no time above counts them.
  public var unpriced: [OpKind] = []
  /// How long memory takes, in every run, to deliver the weights that the last cache does not keep.
  public var weightFetchTime = Nanoseconds.zero

  /// - Parameters:
  ///   - cost: of a profile, with the plan's threads.
  ///   - others: of the same profile, with other numbers of threads.
  /// - Precondition: the plan is valid.
  public init(_ plan: Plan, cost: CostModel, others: [CostModel]) {
    let length = plan.predictions.referenceLengths.last.map(Int.init) ?? plan.schedule.maximumLength
    self.init(
      plan, length: length, costs: OpCosts(cost), others: others.map { ($0.threads, OpCosts($0)) },
      isOwnProfile: cost.profile.digest == plan.identity.profileDigest)
    weightFetchTime = cost.fetchTime(weights: plan.weightTraffic)
  }

  /// The share of a run's predicted time, 0 to 1, that memory spends delivering weights.
  public func memoryShare(of time: Nanoseconds) -> Double {
    min(1, Double(weightFetchTime.rawValue) / Double(max(1, time.rawValue)))
  }

  package init(
    _ plan: Plan, length: Int, costs: OpCosts, others: [(threads: Int, costs: OpCosts)],
    isOwnProfile: Bool = true
  ) {
    self.length = length
    self.isOwnProfile = isOwnProfile
    let own = LayerPricing(plan, length: length, costs)
    unpriced = own.unpriced
    let counts = plan.schedule.retentionConfiguration(length: length).map(Int.init)
    layers = plan.schedule.layers.map { layer in
      let now = own.price(layer)
      var savings = [
        own.fewerTokens(layer, counts), own.lowerPrecision(layer),
        Saving(lever: .depth, change: "without it", time: now.time),
      ].compactMap(\.self)
      for (threads, costs) in others {
        let time = LayerPricing(plan, length: length, costs).price(layer).time
        savings.append(
          Saving(lever: .threads, change: NumberText.count(threads, "thread"), time: now.time.less(time)))
      }
      return Layer(
        layer: layer, time: now.time, bound: now.bound, boundShare: now.share,
        savings: savings.filter { $0.time > .zero }.sorted { $0.time > $1.time })
    }
    whole = Self.joined(layers)
  }

  /// Each change on every layer; of depth the layer that saves most.
  private static func joined(_ layers: [Layer]) -> [Saving] {
    var sums: [Saving] = []
    for saving in layers.flatMap(\.savings) {
      if let place = sums.firstIndex(where: { $0.lever == saving.lever && $0.change == saving.change }) {
        sums[place].time =
          saving.lever == .depth ? max(sums[place].time, saving.time) : sums[place].time + saving.time
      } else {
        sums.append(saving)
      }
    }
    for place in sums.indices where sums[place].lever == .depth { sums[place].change = "one layer less" }
    return sums.sorted { $0.time > $1.time }
  }
}

extension Nanoseconds {
  /// Zero when `other` is more.
  fileprivate func less(_ other: Nanoseconds) -> Nanoseconds {
    Nanoseconds(rawValue - min(rawValue, other.rawValue))
  }
}

/// Prices of a plan's layers at an input length, as they are and with one thing changed.
private struct LayerPricing {
  let plan: Plan
  let length: Int
  let pricer: OpPricer

  init(_ plan: Plan, length: Int, _ costs: OpCosts) {
    self.plan = plan
    self.length = length
    // Assume the same share of weights in caches as when the plan was priced.
    pricer = OpPricer(costs.reading(plan.weightTraffic), selectingKernels: true)
  }

  /// Of the layer's ops that run, those a device has a kernel for.
  private func ops(_ layer: Int) -> [PricedOp] {
    running { Int($0.layer) == layer }.filter { !pricer.kernels($0).isEmpty }
  }

  /// Kinds of the layers' ops that run and that the device has no kernel for, each once.
  var unpriced: [OpKind] {
    running { plan.schedule.layers.contains(Int($0.layer)) }.filter { pricer.kernels($0).isEmpty }
      .reduce(into: []) { if !$0.contains($1.kind) { $0.append($1.kind) } }
  }

  private func running(_ isMeant: (PlanOp) -> Bool) -> [PricedOp] {
    plan.ops.indices.compactMap { number in
      let op = plan.ops[number]
      guard isMeant(op), op.runs(in: plan.schedule, length: length) else { return nil }
      let rounds = plan.selections.contains { Int($0.op) == number && $0.kernel.roundsOperands }
      return PricedOp(op, layout: plan.weightLayout(of: op), mayRound: rounds)
    }
  }

  func price(_ layer: Int) -> (time: Nanoseconds, bound: Bound, share: Double) {
    var times: [Bound: UInt64] = [:]
    for op in ops(layer) {
      let price = price(op) { $0 }
      times[price.bound, default: 0] += price.time.rawValue
    }
    let total = times.values.reduce(0, +)
    let bound = Bound.allCases.max { times[$0] ?? 0 < times[$1] ?? 0 } ?? .compute
    return (Nanoseconds(total), bound, total == 0 ? 0 : Double(times[bound] ?? 0) / Double(total))
  }

  /// - Parameter rows: what becomes of each row count of more than one.
  private func price(_ op: PricedOp, _ rows: (Int) -> Int) -> Prediction {
    func value(_ symbol: RowCount) -> Int {
      symbol == .one ? 1 : max(1, rows(plan.schedule.value(of: symbol, length: length)))
    }
    return pricer.price(op, rows: value(op.rows), innerRows: value(op.innerRows))
  }

  func fewerTokens(_ layer: Int, _ counts: [Int]) -> Limits.Saving? {
    guard counts[layer - 1] > Limits.tokenStep else { return nil }
    var saved: UInt64 = 0
    var spent: UInt64 = 0
    for op in ops(layer) {
      saved += price(op) { $0 }.time.rawValue
      spent += price(op) { $0 - Limits.tokenStep }.time.rawValue
    }
    return Limits.Saving(
      lever: .tokens, change: "\(Limits.tokenStep) tokens fewer",
      time: Nanoseconds(saved).less(Nanoseconds(spent)))
  }

  /// The layer's products in the next lower precision that saves, both with encode ops of their own, one for each
  /// input.
  func lowerPrecision(_ layer: Int) -> Limits.Saving? {
    let products = ops(layer).filter(\.kind.isProduct)
    let now = time(products.map(\.layout), products) ?? 0
    let present = products.map { Precision.allCases.firstIndex(of: $0.layout.precision) ?? 0 }.min() ?? 0
    for precision in Precision.allCases.dropFirst(present + 1) {
      let times = precision.layouts.compactMap { layout in time(products.map { _ in layout }, products) }
      guard let then = times.min(), then < now else { continue }
      return Limits.Saving(lever: .precision, change: precision.rawValue, time: Nanoseconds(now - then))
    }
    return nil
  }

  /// The time of the products with weights in these layouts and of the encode ops before them; nil where the device has
  /// no kernel for one.
  private func time(_ layouts: [WeightLayout], _ products: [PricedOp]) -> UInt64? {
    var ops: [PricedOp] = []
    var encoded: Set<Operand> = []
    for (product, layout) in zip(products, layouts) {
      var op = product.op
      op.kind = .gemm
      if layout.activation != .f32, encoded.insert(op.a).inserted {
        var encode = PlanOp.encode(
          as: layout.activation, layer: Int(op.layer), rows: op.rows, columns: Int(op.depth))
        encode.a = op.a
        ops.append(PricedOp(encode))
      }
      op.b = layout.activation == .i8 ? Operand(slot: 0) : .none
      ops.append(PricedOp(op, layout: layout))
    }
    guard pricer.firstWithoutKernel(ops) == nil else { return nil }
    return ops.reduce(0) { $0 + price($1) { $0 }.time.rawValue }
  }
}

extension Plan {
  /// The bytes of weights a run reads, as where the plan was priced.
  fileprivate var weightTraffic: Bytes {
    model.weightTraffic(PrecisionAssignment.base(named: identity.precision))
  }
}

extension WeightLayout {
  fileprivate var precision: Precision { Precision.allCases.first { $0.layouts.contains(self) } ?? .f32 }
}
