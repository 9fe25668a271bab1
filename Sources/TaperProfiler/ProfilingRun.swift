internal import CTaperKernels
internal import TaperDeviceProfile
internal import TaperPlanFormat

/// The rounds of a measurement and the samples they gather.
@safe struct ProfilingRun {
  private let points: [MeasurementPoint]
  private let threads: [Int]
  private let buffers: WorkBuffers
  private let probe: MachineProbe
  private var ops: [MeasuredOp]
  /// Samples of point p with the t-th thread count at t · points.count + p.
  private var samples: [[UInt64]]
  private(set) var probeTimes: [UInt64] = []

  init(
    points: [MeasurementPoint], threads: [Int], buffers: WorkBuffers, table: OpaquePointer,
    probe: MachineProbe
  ) {
    self.points = points
    self.threads = threads
    self.buffers = buffers
    self.probe = probe
    ops = points.map { unsafe MeasuredOp($0, buffers: buffers, table: table) }
    samples = [[UInt64]](repeating: [], count: points.count * threads.count)
  }

  /// One sample of every point for every thread count. One pool lives at a time, as in a session, so that its
  /// workers get the CPUs they would get there.
  mutating func round(_ report: (Double, Int) -> Void) throws(ProfilerError) {
    for (number, count) in threads.enumerated() {
      let pool = try MeasuringPool(workers: count)
      for index in points.indices {
        if index % Profiler.chunk == 0 {
          probeTimes.append(unsafe probe.noiseSample(on: pool.handle))
          report((Double(number) + Double(index) / Double(points.count)) / Double(threads.count), count)
        }
        let time = unsafe ops[index].time(on: pool.handle, threads: count, buffers: buffers)
        samples[number * points.count + index].append(time)
      }
    }
  }

  /// Ascending by threads, then in the order of the request.
  func entries() -> [ProfileEntry] {
    var entries: [ProfileEntry] = []
    for (number, count) in threads.enumerated() {
      for (index, point) in points.enumerated() {
        let measured = ProfilePoint(
          rows: point.rows, innerRows: point.innerRows,
          time: TimeDistribution(samples[number * points.count + index]))
        let shape = point.shape.served(by: point.kernel)
        if let last = entries.last, last.kernel == point.kernel, last.shape == shape,
          last.threads == count
        {
          entries[entries.count - 1].points.append(measured)
        } else {
          entries.append(
            ProfileEntry(kernel: point.kernel, shape: shape, threads: count, points: [measured]))
        }
      }
    }
    return entries
  }
}
