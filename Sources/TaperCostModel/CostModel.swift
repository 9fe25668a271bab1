public import TaperDeviceProfile
public import TaperPlanFormat

/// Predicted time of (kernel, shape, threads, rows) from a device profile.
///
/// There are three ways, best first, recorded as the prediction's provenance:
/// 1. measured: the profile has this point. Its median, made monotone with its neighbours.
/// 2. interpolated: the profile has this key at smaller and larger row counts.
/// 3. modelled: another shape, or outside the measured counts. A product takes what its kernel's measured products
///    predict for its columns and depth at this row count (`ProductFit`), at least its traffic at memory bandwidth,
///    plus the op overhead. Any other op is interpolated by width between the nearest measured shapes of its kernel.
///    With nothing measured it is the roofline, max(work / peak, traffic / bandwidth), plus overhead.
///
/// Weights: a run streams all weights of a model before it returns to the first, so products are measured with cold
/// weights. The weights of a small model stay in the last cache, all or in part, so products are measured with near
/// weights too, and `resident(weights:)` is the model for plans with that many bytes of weights. Fetching and
/// multiplying overlap: a product takes its time with near weights, or the non-resident share of its time with cold
/// weights, whichever is longer.
///
/// Intervals are [p10, p90], interpolated in the same way; a modelled one spans at least half to twice the time.
/// Predictions never fall as rows or inner rows grow. An op is bound by the largest term of its roofline. All tables
/// are made at init, and a prediction is a dictionary lookup and a few multiplications. Time from a profile instead of
/// from FLOPs is the time form of the speedup analysis; the fitted fallback is ours.
public struct CostModel: Sendable {
  public let profile: DeviceProfile
  public let threads: Int
  let figures: ThreadFigures
  private var curves: [Key: Curve] = [:]
  private var fits: [KernelID: ProductFit] = [:]
  private var neighbours: [KernelID: [OpShape]] = [:]
  private var kernelsByKind: [OpKind: [KernelID]] = [:]
  /// For each product kernel: FLOPs a nanosecond of the fastest measured point. A packed product of low precision has
  /// its own peak.
  private var peaks: [KernelID: Double] = [:]
  /// How much less time each product takes with near weights than with cold ones, in nanoseconds at 1…512 rows.
  private var gains: [Key: [Double]] = [:]
  /// The share of the weights that stays in the last cache between runs, 0 to 1.
  private var residentShare = 0.0

  struct Key: Hashable {
    var kernel: KernelID
    var shape: OpShape
  }

  enum Curve: Sendable {
    case line(TimeLine)
    case plane(TimePlane)
  }

  public init(profile: DeviceProfile, threads: Int) throws(CostModelError) {
    guard let figures = profile.figures(threads: threads) else {
      throw .threadsNotMeasured(wanted: threads, measured: profile.threadCounts)
    }
    self.profile = profile
    self.threads = threads
    self.figures = figures
    let own = profile.entries.filter { $0.threads == threads && !$0.points.isEmpty }
    let stairs = Dictionary(grouping: own.filter { $0.shape.kind == .gemm && !$0.isNear }, by: \.kernel)
      .compactMapValues { Stairs($0) }
    for entry in own where !entry.isNear {
      let curve: Curve =
        entry.shape.variables == .both
        ? .plane(TimePlane(entry)) : .line(TimeLine(entry, stairs: stairs[Self.plain(entry.kernel)]))
      curves[Key(kernel: entry.kernel, shape: entry.shape)] = curve
      neighbours[entry.kernel, default: []].append(entry.shape)
      if entry.shape.kind.isProduct {
        for point in entry.points {
          let work = OpWork.work(of: entry.shape, rows: point.rows, innerRows: 1).rawValue
          let rate = Double(work) / Double(max(1, point.time.p50.rawValue))
          peaks[entry.kernel] = max(peaks[entry.kernel] ?? 0, rate)
        }
      }
    }
    for entry in own where entry.isNear {
      let key = Key(kernel: entry.kernel, shape: entry.shape)
      guard case .line(let cold) = curves[key] else { continue }
      gains[key] = Self.gains(cold: cold, near: TimeLine(entry, stairs: stairs[Self.plain(entry.kernel)]))
    }
    for kind in OpKind.allCases {
      let all = kind.kernels
      let measured = all.filter { neighbours[$0] != nil }
      kernelsByKind[kind] =
        measured.isEmpty && !kind.definition.isOptional ? Array(all.prefix(1)) : measured
    }
    for (kernel, shapes) in neighbours where shapes[0].kind == .gemm {
      let products: [ProductFit.Product] = shapes.compactMap { shape in
        let key = Key(kernel: kernel, shape: shape)
        guard case .line(let line) = curves[key] else { return nil }
        return ProductFit.Product(shape: shape, times: line.times, gains: gains[key])
      }
      fits[kernel] = ProductFit(products, overhead: Double(figures.opOverhead.rawValue))
    }
  }

  /// The model for plans whose products read this many bytes of weights in a run.
  public func resident(weights: Bytes) -> CostModel {
    var model = self
    model.residentShare = Residency.share(of: weights, figures.footprints)
    return model
  }

  /// How long memory takes in every run to deliver the part of this many bytes of weights that the last cache does not
  /// keep.
  public func fetchTime(weights: Bytes) -> Nanoseconds {
    let costs = isotonic(figures.footprints.map { 1e9 / Double($0.bytesPerSecond) })
    let away = 1 - Residency.share(of: weights, figures.footprints)
    return Self.nanoseconds(away * Double(weights.rawValue) * (costs.last ?? 1e9 / Double(figures.bandwidth)))
  }

  /// The gain is limited so that no prediction falls as rows grow. Above the last near point it stays constant: with
  /// many rows the source of the weights matters little, and less and less.
  private static func gains(cold: TimeLine, near: TimeLine) -> [Double] {
    var gains: [Double] = []
    for rows in 1...512 {
      var gain =
        rows > near.lastMeasured ? gains[rows - 2] : max(0, cold.times[rows - 1] - near.times[rows - 1])
      if rows > 1 { gain = min(gain, gains[rows - 2] + cold.times[rows - 1] - cold.times[rows - 2]) }
      gains.append(gain)
    }
    return gains
  }

  /// The predicted time of `op` served by `kernel` for `rows` output rows and `innerRows` keys or input rows.
  public func predict(_ op: PlanOp, kernel: KernelID, rows: Int, innerRows: Int) -> Prediction {
    predict(OpShape(of: op), kernel: kernel, rows: rows, innerRows: innerRows)
  }

  /// As above, by key. Ignores row counts that the op does not have.
  public func predict(_ shape: OpShape, kernel: KernelID, rows: Int, innerRows: Int) -> Prediction {
    let shape = shape.served(by: kernel)
    let kernel = Self.measured(kernel)
    let rows = max(1, rows)
    let innerRows = max(1, innerRows)
    let band = measuredBand(shape, kernel: kernel, rows: rows, innerRows: innerRows)
    let result = band ?? modelledBand(shape, kernel: kernel, rows: rows, innerRows: innerRows)
    let provenance: Provenance =
      switch result.place {
      case .measured: .measured
      case .between: .interpolated
      case .beyond: .modelled
      }
    let isModelled = provenance == .modelled
    return Prediction(
      time: Self.nanoseconds(result.time),
      low: Self.nanoseconds(isModelled ? min(result.low, result.time / 2) : result.low),
      high: Self.nanoseconds(isModelled ? max(result.high, result.time * 2) : result.high),
      work: OpWork.work(of: shape, rows: rows, innerRows: innerRows),
      traffic: OpWork.traffic(of: shape, kernel: kernel, rows: rows, innerRows: innerRows),
      bound: bound(of: shape, kernel: kernel, rows: rows, innerRows: innerRows), provenance: provenance)
  }

  /// The kernel whose measurements stand for `kernel`.
  private static func measured(_ kernel: KernelID) -> KernelID {
    guard let kind = kernel.opKind, kind.definition.measuredAs != kind else { return kernel }
    return kind.definition.measuredAs.kernels[0]
  }

  /// The plain product whose row tiles and fit are also those of `kernel`, which encodes its result.
  private static func plain(_ kernel: KernelID) -> KernelID {
    guard kernel.opKind == .gemmEncode else { return kernel }
    return OpKind.gemm.kernels.first { $0.weightLayout == kernel.weightLayout } ?? kernel
  }

  /// Kernels for this kind that the profile measured with these threads, in id order. If it measured none: for kinds
  /// that a plan can do without, none; for others the portable default (the lowest id), whose times are then modelled.
  public func kernels(for kind: OpKind) -> [KernelID] {
    kernelsByKind[kind] ?? []
  }

  /// A whole run from its ops: times, intervals, work and traffic summed, plus the run overhead. Both ends of intervals
  /// are summed, since a slow phase of a machine slows all ops alike. The bound is the one that most of the time is
  /// spent under; the provenance is the weakest of any op.
  public func endToEnd(_ ops: some Sequence<Prediction>) -> Prediction {
    let overhead = figures.runOverhead
    var total = Prediction(
      time: overhead, low: overhead, high: overhead, work: .zero, traffic: .zero, bound: .overhead,
      provenance: .measured)
    var shares: [UInt64] = [0, 0, overhead.rawValue]
    for op in ops {
      total.time = total.time + op.time
      total.low = total.low + op.low
      total.high = total.high + op.high
      total.work = total.work + op.work
      total.traffic = total.traffic + op.traffic
      shares[Int(op.bound.rawValue)] += op.time.rawValue
      if op.provenance.rawValue > total.provenance.rawValue { total.provenance = op.provenance }
    }
    let largest = shares.indices.max { shares[$0] < shares[$1] }!
    total.bound = Bound(rawValue: UInt8(largest))!
    return total
  }

  /// Time at a percentile over the median time of a run; nil when the profile does not have it.
  public func tail(_ percentile: Percentile) -> Double? {
    percentile == .p50 ? 1 : figures.tail.map { $0[percentile] }
  }

  /// The overhead of a run beyond its ops.
  public var runOverhead: Nanoseconds { figures.runOverhead }

  private static func nanoseconds(_ value: Double) -> Nanoseconds {
    Nanoseconds(UInt64(min(max(value.rounded(), 0), 1e18)))
  }

  private func measuredBand(_ shape: OpShape, kernel: KernelID, rows: Int, innerRows: Int) -> TimeBand? {
    let key = Key(kernel: kernel, shape: shape)
    return switch curves[key] {
    case .line(let line):
      line.band(at: shape.variables == .innerRows ? innerRows : rows)
        .nearer(by: gains[key].map { $0[min(rows, $0.count) - 1] } ?? 0, share: residentShare)
    case .plane(let plane): plane.band(rows: rows, innerRows: innerRows)
    case nil: nil
    }
  }

  private func modelledBand(_ shape: OpShape, kernel: KernelID, rows: Int, innerRows: Int) -> TimeBand {
    let overhead = Double(figures.opOverhead.rawValue)
    let work = Double(OpWork.work(of: shape, rows: rows, innerRows: innerRows).rawValue)
    let traffic = Double(
      OpWork.traffic(of: shape, kernel: kernel, rows: rows, innerRows: innerRows).rawValue)
    let floor = traffic * 1e9 / Double(figures.bandwidth)
    let body: Double
    if shape.kind.isProduct, let fit = fits[Self.plain(kernel)] {
      body = max(fit.time(of: shape, rows: rows, residentShare: residentShare), floor * (1 - residentShare))
    } else if let scaled = scaledBody(shape, kernel: kernel, rows: rows, innerRows: innerRows) {
      body = scaled
    } else {
      // The scalar reference product does about one FLOP a nanosecond on any machine.
      let peak = kernel == .gemmF32Scalar ? 1e9 : Double(figures.computePeak)
      body = max(work * 1e9 / peak, floor)
    }
    let time = body + overhead
    return TimeBand(low: time / 2, time: time, high: time * 2, place: .beyond)
  }

  /// What the time of an op other than a product is proportional to, at given rows. Softmax costs attention about as
  /// much as 16 more elements of head size.
  private static func width(_ shape: OpShape) -> Double {
    let sizes = shape.kind.definition.sizes
    if sizes.contains(.columns) { return Double(shape.columns) }
    if sizes.contains(.depth) { return Double(shape.heads) * Double(shape.depth + 16) }
    return sizes.contains(.heads) ? Double(shape.heads) : 1
  }

  /// An op's time without overhead, interpolated between the kernel's measured shapes next in width on both sides, or
  /// in proportion to width with one on one side only. Nil when none is measured.
  private func scaledBody(_ shape: OpShape, kernel: KernelID, rows: Int, innerRows: Int) -> Double? {
    let wanted = Self.width(shape)
    let known = neighbours[kernel] ?? []
    let alike = known.filter { $0.activation == shape.activation && $0.relativeBias == shape.relativeBias }
    let shapes = alike.isEmpty ? known : alike
    func body(_ other: OpShape) -> Double {
      let band = measuredBand(other, kernel: kernel, rows: rows, innerRows: innerRows)
      return max(0, (band?.time ?? 0) - Double(figures.opOverhead.rawValue))
    }
    let below = shapes.filter { Self.width($0) <= wanted }.max { Self.width($0) < Self.width($1) }
    let above = shapes.filter { Self.width($0) >= wanted }.min { Self.width($0) < Self.width($1) }
    if let below, let above, Self.width(below) < Self.width(above) {
      let weight = (wanted - Self.width(below)) / (Self.width(above) - Self.width(below))
      return body(below) * (1 - weight) + body(above) * weight
    }
    return (below ?? above).map { body($0) * wanted / max(1, Self.width($0)) }
  }

  private func bound(of shape: OpShape, kernel: KernelID, rows: Int, innerRows: Int) -> Bound {
    let work = Double(OpWork.work(of: shape, rows: rows, innerRows: innerRows).rawValue)
    let traffic = Double(
      OpWork.traffic(of: shape, kernel: kernel, rows: rows, innerRows: innerRows).rawValue)
    let compute = work / max(Double(figures.computePeak) / 1e9, peaks[kernel] ?? 0)
    let memory = traffic * 1e9 / Double(figures.bandwidth)
    let overhead = Double(figures.opOverhead.rawValue)
    if overhead >= compute && overhead >= memory { return .overhead }
    return compute >= memory ? .compute : .bandwidth
  }
}
