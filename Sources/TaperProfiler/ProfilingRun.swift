internal import CTaperKernels
internal import TaperDeviceProfile
internal import TaperPlanFormat
internal import TaperProbe

/// The rounds of a measurement and their samples.
@safe struct ProfilingRun {
  private let points: [MeasurementPoint]
  private let threads: [Int]
  private let buffers: WorkBuffers
  private var ops: [MeasuredOp]
  /// Samples of point p with the t-th thread count at t · points.count + p.
  private var samples: [[Sample]]
  private let references: [ReferenceKernels]
  /// Times of the references by thread count, in the order measured.
  private var probes: [[ReferenceTimes]]

  /// A time, whether none of our threads was preempted meanwhile, and the number of the reference measured just before.
  private struct Sample {
    var time: UInt64
    var wasAlone: Bool
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

  /// One sample of every point at every thread count. Only one pool exists at a time, as in a session, so that workers
  /// get the CPUs that they would get there.
  mutating func round(_ report: (Double, Int) -> Void) throws(ProfilerError) {
    for (number, count) in threads.enumerated() {
      let pool = try MeasuringPool(workers: count)
      let references = references[number]
      for index in points.indices {
        if index % Profiler.chunk == 0 {
          unsafe probes[number].append(references.measure(on: pool.handle))
          report((Double(number) + Double(index) / Double(points.count)) / Double(threads.count), count)
        }
        let (time, wasAlone) = unsafe ops[index].time(on: pool.handle, threads: count, buffers: buffers)
        samples[number * points.count + index].append(
          Sample(time: time, wasAlone: wasAlone, probe: probes[number].count - 1))
      }
      unsafe probes[number].append(references.measure(on: pool.handle))
    }
  }

  /// The first quartile of the t-th thread count's references: their time at the machine's usual speed. On shared hosts
  /// slow phases may take more than half of the time, so the median may be slow; a phase that takes over three
  /// quarters of it counts as the usual speed.
  func referenceTimes(_ number: Int) -> ReferenceTimes {
    func usual(_ part: (ReferenceTimes) -> Nanoseconds) -> Nanoseconds {
      probes[number].map(part).sorted { $0.rawValue < $1.rawValue }[probes[number].count / 4]
    }
    return ReferenceTimes(compute: usual(\.compute), bandwidth: usual(\.bandwidth))
  }

  /// The spread of the t-th thread count's references.
  func tail(_ number: Int) -> TailRatios { TailRatios(probes[number].map(\.sum.rawValue)) }

  /// The references of all thread counts, each relative to its thread count's median, in millionths.
  var probeTimes: [UInt64] {
    probes.flatMap { times in
      let median = Double(max(1, TimeDistribution(times.map(\.sum.rawValue)).p50.rawValue))
      return times.map { UInt64(Double($0.sum.rawValue) / median * 1e6) }
    }
  }

  /// How many times slower than usual the machine was at each of the t-th thread count's references: the larger factor
  /// of the two references.
  private func slowness(_ number: Int) -> [Double] {
    let usual = referenceTimes(number)
    return probes[number].map {
      max(
        Double($0.compute.rawValue) / Double(max(1, usual.compute.rawValue)),
        Double($0.bandwidth.rawValue) / Double(max(1, usual.bandwidth.rawValue)))
    }
  }

  /// Percentiles over the samples without preemption whose neighbouring references are within a tenth of the usual
  /// speed, or over the half of them with the best references if that is more. p99 is over all samples.
  private func distribution(_ samples: [Sample], slowness: [Double]) -> TimeDistribution {
    let all = TimeDistribution(samples.map(\.time))
    let alone = samples.filter(\.wasAlone).map { sample in
      (time: sample.time, slowness: max(slowness[sample.probe], slowness[sample.probe + 1]))
    }
    guard alone.count >= Profiler.leastSamplesAlone else { return all }
    let limit = max(1.1, alone.map(\.slowness).sorted()[(alone.count - 1) / 2])
    var chosen = TimeDistribution(alone.filter { $0.slowness <= limit }.map(\.time))
    chosen.p99 = max(all.p99, chosen.p90)
    return chosen
  }

  /// Ascending by threads, then in the order of the request.
  func entries() -> [ProfileEntry] {
    var entries: [ProfileEntry] = []
    for (number, count) in threads.enumerated() {
      let slowness = slowness(number)
      for (index, point) in points.enumerated() {
        let measured = ProfilePoint(
          rows: point.rows, innerRows: point.innerRows,
          time: distribution(samples[number * points.count + index], slowness: slowness))
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
