internal import CTaperKernels
public import TaperDeviceProfile
internal import TaperPlanFormat

/// Measures this machine into a device profile.
///
/// Shared machines have slow phases of seconds that no counter shows. So points are not measured one after
/// the other: a round takes one sample of every point for every thread count, and rounds go on until the
/// budget is spent; a slow phase then hits all points alike. Between chunks of a round the reference kernels are
/// timed: a median is that of the samples between references at their usual speed, the upper percentiles are of all.
/// From the references come the noise figure, how runs spread, and the refusal of a machine too unsteady to judge. Each sample is one op through the fork-join pool, bound as the runtime
/// binds it, its weights cold and its activations warm (`WorkBuffers`).
public enum Profiler {
  /// Points between two samples of the reference kernels.
  static let chunk = 16
  /// Fewer samples than these make no median of their own.
  static let leastSamplesAlone = 7

  /// Measures; takes about `request.budget`, and memory for the weights ring and activations, under 1 GB at
  /// 512 rows of BERT shapes.
  ///
  /// - Parameter progress: called with the share done (never falling) and what is being done.
  public static func measure(
    _ request: ProfilingRequest, progress: (Double, String) -> Void = { _, _ in }
  ) throws(ProfilerError) -> DeviceProfile {
    try check(request)
    let fingerprint = Fingerprint.current()
    let threads = Array(Set(request.threads)).sorted()
    progress(0, "preparing")
    let buffers = try WorkBuffers(
      shapes: request.shapes, maximumRows: request.maximumRows, workers: threads.last!,
      caches: fingerprint.caches)
    let table = unsafe ck_kernels(ck_detect_tier())!
    let isScalar = unsafe ck_table_tier(table) == CK_TIER_SCALAR
    let dense = MeasurementGrid.denseShape(request.shapes)
    let points = request.shapes.flatMap { shape in
      MeasurementGrid.kernels(for: shape.kind, isScalarTier: isScalar).flatMap {
        MeasurementGrid.points(
          kernel: $0, shape: shape, maximumRows: request.maximumRows, isDense: shape == dense)
      }
    }
    let machine = unsafe MachineFigures(buffers: buffers, table: table)
    var figures: [ThreadFigures] = []
    for count in threads {
      progress(0.01, "memory and overheads, \(describe(count))")
      figures.append(
        try measureFigures(machine, threads: count))
    }
    var run = try unsafe ProfilingRun(points: points, threads: threads, buffers: buffers, table: table)
    let started = ck_now_ns()
    var rounds = 0
    while !isDone(request, rounds: rounds, elapsed: ck_now_ns() &- started) {
      try run.round { share, count in
        let done = Double(ck_now_ns() &- started) / Double(max(1, request.budget.rawValue))
        let least = (Double(rounds) + share) / Double(max(1, request.minimumSamples))
        let most = (Double(rounds) + share) / Double(max(1, request.maximumSamples))
        progress(0.02 + 0.98 * min(1, max(most, min(least, done))), "round \(rounds + 1), \(describe(count))")
      }
      rounds += 1
    }
    progress(1, "done")
    let entries = run.entries()
    let noise = ProfileNoise(probeTimes: run.probeTimes, entries: entries)
    guard noise.figure <= request.noiseLimit else { throw .tooNoisy(noise: noise, limit: request.noiseLimit) }
    return DeviceProfile(
      name: request.name, created: request.created, fingerprint: fingerprint,
      threadFigures: figures.enumerated().map { number, figures in
        var figures = raisingPeak(figures, by: entries)
        figures.references = run.referenceTimes(number)
        figures.tail = run.tail(number)
        return figures
      },
      noise: noise, entries: entries)
  }

  /// Enough once the budget is spent with the wanted samples taken, twice the budget with three, or all
  /// samples.
  private static func isDone(_ request: ProfilingRequest, rounds: Int, elapsed: UInt64) -> Bool {
    if rounds >= max(request.maximumSamples, request.minimumSamples) { return true }
    if elapsed >= request.budget.rawValue && rounds >= request.minimumSamples { return true }
    return elapsed / 2 >= request.budget.rawValue && rounds >= min(3, request.minimumSamples)
  }

  private static func measureFigures(
    _ machine: MachineFigures, threads: Int
  ) throws(ProfilerError) -> ThreadFigures {
    let pool = try MeasuringPool(workers: threads)
    let overhead = unsafe machine.opOverhead(on: pool.handle, threads: threads, repeats: 1000)
    let sizes = footprints(ringByteCount: 4 * machine.buffers.ringCount)
    let rates = unsafe machine.rates(
      on: pool.handle, threads: threads, streams: 1, repeats: 9, footprints: sizes)
    return unsafe ThreadFigures(
      threads: threads,
      bandwidthOneStream: machine.bandwidth(on: pool.handle, threads: threads, streams: 1, repeats: 5),
      bandwidthManyStreams: machine.bandwidth(on: pool.handle, threads: threads, streams: 8, repeats: 5),
      computePeak: machine.computePeak(on: pool.handle, threads: threads, repeats: 20), opOverhead: overhead,
      runOverhead: machine.overhead(
        after: .breath, on: pool.handle, threads: threads, repeats: 1000, warm: overhead),
      wake: machine.overhead(after: .sleep, on: pool.handle, threads: threads, repeats: 20, warm: overhead),
      footprints: zip(sizes, rates).map { FootprintRate(byteCount: UInt64($0), bytesPerSecond: $1) })
  }

  /// From what the last cache of a small CPU holds to beyond that of most; systems that share one among few cores tell the
  /// sum of all, so what they tell is of no use here.
  private static func footprints(ringByteCount: Int) -> [Int] {
    [2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256].map { $0 << 20 }.filter { $0 <= ringByteCount }
  }

  /// The peak, which is f32's, is at least what some measured f32 product reached.
  private static func raisingPeak(_ figures: ThreadFigures, by entries: [ProfileEntry]) -> ThreadFigures {
    var figures = figures
    for entry in entries
    where entry.threads == figures.threads && entry.shape.kind == .gemm
      && entry.kernel.weightLayout.activation == .f32
    {
      for point in entry.points {
        // In floating point: work in nano-FLOP overflows 64 bits for the largest shapes.
        let work = 2.0 * Double(point.rows) * Double(entry.shape.columns) * Double(entry.shape.depth)
        let rate = work * 1e9 / Double(max(1, point.time.p50.rawValue))
        figures.computePeak = max(figures.computePeak, UInt64(min(rate, 1e18)))
      }
    }
    return figures
  }

  private static func check(_ request: ProfilingRequest) throws(ProfilerError) {
    guard !request.shapes.isEmpty, !request.threads.isEmpty else { throw .nothingToMeasure }
    let available = Int(ck_available_cpus())
    for count in request.threads where !(1...available).contains(count) {
      throw .threadsUnavailable(wanted: count, available: available)
    }
    func demand(_ holds: Bool, _ field: String, _ expected: String, _ found: Int) throws(ProfilerError) {
      if !holds { throw .invalidRequest(field: field, expected: expected, found: "\(found)") }
    }
    try demand(
      (1...4096).contains(request.maximumRows), "maximum rows", "from 1 to 4096", request.maximumRows)
    try demand(request.minimumSamples > 0, "minimum samples", "at least 1", request.minimumSamples)
    for shape in request.shapes {
      let name = shape.kind.name
      try demand((0...65_536).contains(shape.columns), "\(name) columns", "from 0 to 65536", shape.columns)
      try demand((0...65_536).contains(shape.depth), "\(name) depth", "from 0 to 65536", shape.depth)
      try demand((0...1024).contains(shape.heads), "\(name) heads", "from 0 to 1024", shape.heads)
      try demand((1...1024).contains(shape.parts), "\(name) parts", "from 1 to 1024", shape.parts)
      switch shape.kind {
      case .iota, .compose: break
      case .attention, .attentionScores, .attentionScored, .attentionContext:
        try demand(shape.heads > 0 && shape.depth > 0, "\(name) heads and depth", "at least 1", 0)
      case .select, .selectAbove: try demand(shape.heads > 0, "\(name) heads", "at least 1", 0)
      case .gemm:
        try demand(shape.columns > 0 && shape.depth > 0, "\(name) columns and depth", "at least 1", 0)
      default: try demand(shape.columns > 0, "\(name) columns", "at least 1", 0)
      }
    }
  }

  private static func describe(_ threads: Int) -> String { threads == 1 ? "1 thread" : "\(threads) threads" }
}
