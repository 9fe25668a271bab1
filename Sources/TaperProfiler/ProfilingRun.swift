internal import CTaperKernels
internal import TaperDeviceProfile
internal import TaperPlanFormat
internal import TaperProbe

/// The rounds of a measurement and the samples they gather.
@safe struct ProfilingRun {
  private let points: [MeasurementPoint]
  private let threads: [Int]
  private let buffers: WorkBuffers
  private var ops: [MeasuredOp]
  /// Samples of point p with the t-th thread count at t · points.count + p.
  private var samples: [[Sample]]
  private let references: [ReferenceKernels]
  /// What the references took, by thread count, in the order measured.
  private var probes: [[ReferenceTimes]]

  /// A time, and the number of the last reference before it; the next one comes after.
  private struct Sample {
    var time: UInt64
    var probe: Int
  }

  init(
    points: [MeasurementPoint], threads: [Int], buffers: WorkBuffers, table: OpaquePointer
  ) throws(ProfilerError) {
    self.points = points
    self.threads = threads
    self.buffers = buffers
    ops = points.map { unsafe MeasuredOp($0, buffers: buffers, table: table) }
    var references: [ReferenceKernels] = []
    for count in threads {
      guard let kernels = ReferenceKernels(threads: count) else { throw .outOfMemory(byteCount: 65 << 20) }
      references.append(kernels)
    }
    self.references = references
    samples = [[Sample]](repeating: [], count: points.count * threads.count)
    probes = [[ReferenceTimes]](repeating: [], count: threads.count)
  }

  /// One sample of every point for every thread count. One pool lives at a time, as in a session, so that its
  /// workers get the CPUs they would get there.
  mutating func round(_ report: (Double, Int) -> Void) throws(ProfilerError) {
    for (number, count) in threads.enumerated() {
      let pool = try MeasuringPool(workers: count)
      let references = references[number]
      for index in points.indices {
        if index % Profiler.chunk == 0 {
          unsafe probes[number].append(references.measure(on: pool.handle))
          report((Double(number) + Double(index) / Double(points.count)) / Double(threads.count), count)
        }
        let time = unsafe ops[index].time(on: pool.handle, threads: count, buffers: buffers)
        samples[number * points.count + index].append(Sample(time: time, probe: probes[number].count - 1))
      }
      unsafe probes[number].append(references.measure(on: pool.handle))
    }
  }

  /// The medians of the t-th thread count's references.
  func referenceTimes(_ number: Int) -> ReferenceTimes {
    func median(_ part: (ReferenceTimes) -> Nanoseconds) -> Nanoseconds {
      TimeDistribution(probes[number].map { part($0).rawValue }).p50
    }
    return ReferenceTimes(compute: median(\.compute), bandwidth: median(\.bandwidth))
  }

  /// How the t-th thread count's references spread.
  func tail(_ number: Int) -> TailRatios { TailRatios(probes[number].map(\.sum.rawValue)) }

  /// The references of all thread counts, each over its own median, times a million.
  var probeTimes: [UInt64] {
    probes.flatMap { times in
      let median = Double(max(1, TimeDistribution(times.map(\.sum.rawValue)).p50.rawValue))
      return times.map { UInt64(Double($0.sum.rawValue) / median * 1e6) }
    }
  }

  /// Whether the machine was at its usual speed, by the t-th thread count's references: neither is more than a tenth above
  /// what three in four reach. A slow phase that lasts longer than that is the usual speed.
  private func steady(_ number: Int) -> [Bool] {
    func limit(_ part: (ReferenceTimes) -> Nanoseconds) -> Double {
      let times = probes[number].map { part($0).rawValue }.sorted()
      return 1.1 * Double(times[times.count / 4])
    }
    let (compute, bandwidth) = (limit(\.compute), limit(\.bandwidth))
    return probes[number].map {
      Double($0.compute.rawValue) <= compute && Double($0.bandwidth.rawValue) <= bandwidth
    }
  }

  /// Percentiles of all samples, but the median of those between two steady references, when these are enough.
  private func distribution(_ samples: [Sample], steady: [Bool]) -> TimeDistribution {
    var all = TimeDistribution(samples.map(\.time))
    let good = samples.filter { steady[$0.probe] && steady[$0.probe + 1] }
    if good.count >= Profiler.leastSteadySamples {
      let median = TimeDistribution(good.map(\.time)).p50
      all.p50 = min(max(median, all.p10), all.p90)
    }
    return all
  }

  /// Ascending by threads, then in the order of the request.
  func entries() -> [ProfileEntry] {
    var entries: [ProfileEntry] = []
    for (number, count) in threads.enumerated() {
      let steady = steady(number)
      for (index, point) in points.enumerated() {
        let measured = ProfilePoint(
          rows: point.rows, innerRows: point.innerRows,
          time: distribution(samples[number * points.count + index], steady: steady))
        let shape = point.shape.served(by: point.kernel)
        if let last = entries.last, last.kernel == point.kernel, last.shape == shape,
          last.threads == count, last.isNear == point.isNear
        {
          entries[entries.count - 1].points.append(measured)
        } else {
          entries.append(
            ProfileEntry(
              kernel: point.kernel, shape: shape, threads: count, isNear: point.isNear, points: [measured]))
        }
      }
    }
    return entries
  }
}
