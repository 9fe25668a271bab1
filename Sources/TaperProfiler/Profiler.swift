internal import CTaperKernels
public import TaperDeviceProfile
internal import TaperPlanFormat

/// Measures this machine into a device profile.
///
/// Shared machines have slow phases of seconds that no counter shows. So points are not measured one after the other:
/// a round takes one sample of every point at every thread count, and rounds are repeated until the budget is spent. A
/// slow phase then affects all points alike. Between chunks of a round the reference kernels are timed. Medians are
/// taken over the samples between references at their usual speed, upper percentiles over all samples. The references
/// also give the noise figure and the spread of runs, and a machine that is too unsteady is refused. Each sample is one
/// op on the fork-join pool, run by the same kernel as in the runtime, with cold weights and warm activations
/// (`WorkBuffers`).
public enum Profiler {
  /// Points between two samples of the reference kernels.
  static let chunk = 16
  /// Fewest undisturbed samples that a median is taken over.
  static let leastSamplesAlone = 7

  /// Measures for about `request.budget`. The ring of weights and the activations take less than 1 GB at 512 rows of
  /// BERT shapes.
  ///
  /// - Parameter progress: called with the share done, which never falls, and what is being measured.
  public static func measure(
    _ request: ProfilingRequest, progress: (Double, String) -> Void = { _, _ in }
  ) throws(ProfilerError) -> DeviceProfile {
    try check(request)
    let fingerprint = Fingerprint.current()
    let threads = Array(Set(request.threads)).sorted()
    progress(0, "preparing")
    let table = unsafe ck_kernels(ck_detect_tier())!
    let tier = unsafe ck_table_tier(table)
    let forTiles = request.measuresPlanes ?? (tier == CK_TIER_AMX)
    let pairs = unsafe ck_table_bounds_pairs(table)
    let dense = MeasurementGrid.denseShape(request.shapes)
    let points = request.shapes.flatMap { shape in
      MeasurementGrid.kernels(
        for: shape.kind, isScalarTier: tier == CK_TIER_SCALAR, forTiles: forTiles, pairs: pairs
      ).filter { !request.excludedKernels.contains($0) }.flatMap {
        MeasurementGrid.points(
          kernel: $0, shape: shape, maximumRows: request.maximumRows, isDense: shape == dense)
      }
    }
    let buffers = try WorkBuffers(
      shapes: request.shapes, planes: points.map(\.kernel.planes).max() ?? 1,
      maximumRows: request.maximumRows, workers: threads.last!,
      caches: fingerprint.caches)
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

  /// Done when the budget is spent and the minimum of samples taken, when twice the budget is spent and three samples
  /// taken, or when the maximum of samples is taken.
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
      on: pool.handle, threads: threads, streams: 1, repeats: 5, footprints: sizes)
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

  /// From the last-level cache of a small CPU to beyond that of most. The size that the system reports is not used:
  /// where groups of cores share a cache, it is the sum over all groups.
  private static func footprints(ringByteCount: Int) -> [Int] {
    [2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256].map { $0 << 20 }.filter { $0 <= ringByteCount }
  }

  /// The compute peak in f32, raised to what any measured f32 product reached.
  private static func raisingPeak(_ figures: ThreadFigures, by entries: [ProfileEntry]) -> ThreadFigures {
    var figures = figures
    for entry in entries
    where entry.threads == figures.threads && entry.shape.kind.isProduct
      && entry.kernel.weightLayout.activation == .f32
    {
      for point in entry.points {
        // In floating point, because the integers would overflow 64 bits for the largest shapes.
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
    for count in request.threads.sorted(by: >) where !(1...available).contains(count) {
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
      let sizes = shape.kind.definition.sizes
      for (size, field, value) in [
        (OpSizes.columns, "columns", shape.columns), (.depth, "depth", shape.depth),
        (.heads, "heads", shape.heads),
      ] where sizes.contains(size) { try demand(value > 0, "\(name) \(field)", "at least 1", value) }
    }
  }

  private static func describe(_ threads: Int) -> String { threads == 1 ? "1 thread" : "\(threads) threads" }
}
