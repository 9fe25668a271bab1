public import TaperDeviceProfile
public import TaperPlanFormat

/// Predicted time of (kernel, shape, threads, rows) from a device profile.
///
/// Three ways, best first, said in the prediction's provenance:
/// 1. measured: the profile has this very point; its median, made monotone with its neighbours.
/// 2. interpolated: the profile has this key at smaller and larger row counts.
/// 3. modelled: another shape or beyond the measured counts. A product takes its kernel's time for each
///    weight element at this row count, averaged over the measured products (the fitted rate), but no less
///    than its traffic at memory bandwidth, plus the op overhead; any other op takes the time of the nearest
///    measured shape of its kernel, less the overhead, scaled by width; with nothing to scale, the bare
///    roofline max(work / peak, traffic / bandwidth) + overhead.
///
/// Intervals: [p10, p90], interpolated alike; modelled: half to twice the time, and at least so. Predictions
/// never fall as rows or inner rows grow. What binds an op is the roofline's largest term. All tables are
/// made at init: a prediction is a dictionary lookup and a few multiplications. The idea (time from the
/// profile, not from FLOPs) is the time form of the speedup analysis; the fitted fallback is ours.
public struct CostModel: Sendable {
  public let profile: DeviceProfile
  public let threads: Int
  let figures: ThreadFigures
  private var curves: [Key: Curve] = [:]
  /// For each product kernel: nanoseconds for one weight element at 1...512 rows, overhead taken off.
  private var fittedRates: [KernelID: [Double]] = [:]
  private var neighbours: [KernelID: [OpShape]] = [:]
  private var kernelsByKind: [OpKind: [KernelID]] = [:]
  /// For each product kernel: FLOP a nanosecond of the fastest measured point. A packed product of few bits has
  /// a peak of its own.
  private var peaks: [KernelID: Double] = [:]

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
    var sums: [KernelID: (times: [Double], elements: Double)] = [:]
    for entry in profile.entries where entry.threads == threads && !entry.points.isEmpty {
      let curve: Curve = entry.shape.variables == .both ? .plane(TimePlane(entry)) : .line(TimeLine(entry))
      curves[Key(kernel: entry.kernel, shape: entry.shape)] = curve
      neighbours[entry.kernel, default: []].append(entry.shape)
      if entry.shape.kind == .gemm, case .line(let line) = curve {
        var sum = sums[entry.kernel] ?? ([Double](repeating: 0, count: 512), 0)
        let overhead = Double(figures.opOverhead.rawValue)
        for index in sum.times.indices { sum.times[index] += max(0, line.times[index] - overhead) }
        sum.elements += Double(entry.shape.columns * entry.shape.depth)
        sums[entry.kernel] = sum
        for point in entry.points {
          let work = OpWork.work(of: entry.shape, rows: point.rows, innerRows: 1).rawValue
          let rate = Double(work) / Double(max(1, point.time.p50.rawValue))
          peaks[entry.kernel] = max(peaks[entry.kernel] ?? 0, rate)
        }
      }
    }
    for kind in OpKind.allCases {
      let all = kind.kernels
      let measured = all.filter { neighbours[$0] != nil }
      kernelsByKind[kind] =
        measured.isEmpty && !Self.optional.contains(kind) ? Array(all.prefix(1)) : measured
    }
    fittedRates = sums.compactMapValues { sum in
      sum.elements > 0 ? sum.times.map { $0 / sum.elements } : nil
    }
  }

  /// The predicted time of `op` served by `kernel` for `rows` output rows and `innerRows` keys or input rows.
  public func predict(_ op: PlanOp, kernel: KernelID, rows: Int, innerRows: Int) -> Prediction {
    predict(OpShape(of: op), kernel: kernel, rows: rows, innerRows: innerRows)
  }

  /// As above, by key. Row counts of ops that do not have them are ignored.
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

  /// The kernel whose measurements stand for `kernel`: choosing below a ceiling is choosing.
  private static func measured(_ kernel: KernelID) -> KernelID {
    kernel == .selectAboveF32 ? .selectF32 : kernel
  }

  /// Work: 2·rows·columns·depth for a product, 4·rows·innerRows·heads·depth for attention, half of it for
  /// scores (innerRows squared) and context each; row-wise arithmetic counts as none.
  public func work(of op: PlanOp, rows: Int, innerRows: Int) -> Flops {
    OpWork.work(of: OpShape(of: op), rows: rows, innerRows: innerRows)
  }

  /// Traffic: weights and activations read and results written, each once.
  public func traffic(of op: PlanOp, kernel: KernelID, rows: Int, innerRows: Int) -> Bytes {
    OpWork.traffic(of: OpShape(of: op), kernel: kernel, rows: rows, innerRows: innerRows)
  }

  /// Kinds that a plan can do without: without a measurement they are not there.
  private static let optional: Set<OpKind> = [.encode, .attentionScored]

  /// Kernels for this kind that the profile measured with these threads, in id order; when it measured none,
  /// the portable default (the lowest id), which is then predicted by the model, or for kinds that a plan can do
  /// without nothing.
  public func kernels(for kind: OpKind) -> [KernelID] {
    kernelsByKind[kind] ?? []
  }

  /// The largest row count that costs no more than `rows` does (within 0.5%), at most the next multiple of
  /// 16: on a kernel with a row tile, the rows up to the tile's end are free, and a keep count may be rounded
  /// up to it.
  public func freeRows(_ op: PlanOp, kernel: KernelID, rows: Int, innerRows: Int) -> Int {
    let shape = OpShape(of: op)
    let limit = (max(1, rows) + 15) / 16 * 16
    let ceiling = Double(time(shape, kernel: kernel, rows: rows, innerRows: innerRows)) * 1.005
    var free = max(1, rows)
    while free < limit, Double(time(shape, kernel: kernel, rows: free + 1, innerRows: innerRows)) <= ceiling {
      free += 1
    }
    return free
  }

  /// A whole run from its ops: times, intervals, work and traffic summed, plus the run overhead. Intervals
  /// are summed end by end, since a slow phase of a machine slows all ops alike. The bound is the one most of
  /// the time is spent under; the provenance the weakest of any op.
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

  /// What a run costs beyond its ops.
  public var runOverhead: Nanoseconds { figures.runOverhead }

  private func time(_ shape: OpShape, kernel: KernelID, rows: Int, innerRows: Int) -> UInt64 {
    predict(shape, kernel: kernel, rows: rows, innerRows: innerRows).time.rawValue
  }

  private static func nanoseconds(_ value: Double) -> Nanoseconds {
    Nanoseconds(UInt64(min(max(value.rounded(), 0), 1e18)))
  }

  private func measuredBand(_ shape: OpShape, kernel: KernelID, rows: Int, innerRows: Int) -> TimeBand? {
    switch curves[Key(kernel: kernel, shape: shape)] {
    case .line(let line): line.band(at: shape.variables == .innerRows ? innerRows : rows)
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
    if shape.kind == .gemm, let rates = fittedRates[kernel] {
      // Beyond 512 rows in proportion.
      let scale = rows > rates.count ? Double(rows) / Double(rates.count) : 1
      let elements = Double(shape.columns) * Double(shape.depth)
      body = max(rates[min(rows, rates.count) - 1] * scale * elements, floor)
    } else if let near = nearest(to: shape, kernel: kernel),
      let band = measuredBand(near, kernel: kernel, rows: rows, innerRows: innerRows)
    {
      body = max(0, band.time - overhead) * Self.width(shape) / max(1, Self.width(near))
    } else {
      // The scalar reference product does about one FLOP in a nanosecond on any machine.
      let peak = kernel == .gemmF32Scalar ? 1e9 : Double(figures.computePeak)
      body = max(work * 1e9 / peak, floor)
    }
    let time = body + overhead
    return TimeBand(low: time / 2, time: time, high: time * 2, place: .beyond)
  }

  /// What the time of an op that is not a product is proportional to at given rows. Softmax costs attention
  /// about as much as 16 more elements of head size would.
  private static func width(_ shape: OpShape) -> Double {
    switch shape.kind {
    case .attention, .attentionScores, .attentionScored, .attentionContext:
      Double(shape.heads) * Double(shape.depth + 16)
    case .select, .selectAbove: Double(shape.heads)
    case .iota, .compose: 1
    default: Double(shape.columns)
    }
  }

  /// The measured shape of this kernel nearest in width; one with the same activation and bias when there is
  /// any. The first of equals.
  private func nearest(to shape: OpShape, kernel: KernelID) -> OpShape? {
    let wanted = max(1, Self.width(shape))
    func distance(_ other: OpShape) -> Double {
      let width = max(1, Self.width(other))
      let ratio = max(width / wanted, wanted / width)
      return ratio
        * (other.activation == shape.activation && other.relativeBias == shape.relativeBias ? 1 : 1e6)
    }
    return neighbours[kernel]?.min { distance($0) < distance($1) }
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
