internal import CTaperKernels
public import TaperDeviceProfile
public import TaperPlanFormat

/// A point of a profile, timed again.
public struct RemeasuredPoint: Hashable, Sendable {
  public var kernel: KernelID
  public var shape: OpShape
  public var threads: Int
  public var rows: Int
  public var innerRows: Int
  public var then: Nanoseconds
  public var now: Nanoseconds
}

/// The present times of a few points of a profile and of its reference kernels.
public struct Remeasurement: Hashable, Sendable {
  public var points: [RemeasuredPoint]
  /// By thread count measured.
  public var references: [Int: ReferenceTimes]
  /// From the references during the measurement.
  public var noise: ProfileNoise
}

extension Profiler {
  /// Times a few points again on this machine with the profile's tier: of each kernel that takes most of a run's time
  /// (products, attention, layer norm), the largest shape with cold weights at a few row counts.
  ///
  /// - Parameter samples: of each point, at least 1.
  /// - Throws: `ProfilerError` when this machine has too few CPUs for the profile's thread counts, or too little
  /// memory.
  public static func measureAgain(
    _ profile: DeviceProfile, samples: Int = 25, progress: (Double) -> Void = { _ in }
  ) throws(ProfilerError) -> Remeasurement {
    let available = Int(ck_available_cpus())
    let threads = profile.threadCounts.filter { $0 <= available }
    guard !threads.isEmpty else {
      throw .threadsUnavailable(wanted: profile.threadCounts.first ?? 0, available: available)
    }
    // The same points for every thread count, as `ProfilingRun` needs them.
    let chosen = profile.entries.filter { $0.threads == threads[0] && !$0.isNear && isTelling($0) }
    let entries = Dictionary(grouping: chosen, by: \.kernel).values.compactMap { entries in
      entries.max { size($0) < size($1) }
    }.sorted { $0.kernel.rawValue < $1.kernel.rawValue }
    guard !entries.isEmpty else { throw .nothingToMeasure }
    let points = entries.flatMap { entry in
      let places = Set([
        entry.points.count - 1, entry.points.count * 3 / 4, entry.points.count / 2, entry.points.count / 4,
      ])
      return places.sorted().map {
        MeasurementPoint(
          kernel: entry.kernel, shape: entry.shape, rows: entry.points[$0].rows,
          innerRows: entry.points[$0].innerRows)
      }
    }
    let buffers = try WorkBuffers(
      shapes: entries.map(\.shape), planes: entries.map(\.kernel.planes).max() ?? 1,
      maximumRows: points.map { max($0.rows, $0.innerRows) }.max()!,
      workers: threads.last!, caches: profile.fingerprint.caches)
    let table = unsafe ck_kernels(tier(named: profile.fingerprint.tier))!
    var run = try unsafe ProfilingRun(points: points, threads: threads, buffers: buffers, table: table)
    for round in 0..<samples {
      try run.round { share, _ in progress((Double(round) + share) / Double(samples)) }
    }
    progress(1)
    let measured = run.entries()
    let pairs = threads.flatMap { count in
      points.compactMap { point -> RemeasuredPoint? in
        func time(_ entries: [ProfileEntry]) -> Nanoseconds? {
          entries.first {
            $0.threads == count && $0.kernel == point.kernel && $0.shape == point.shape && !$0.isNear
          }?.points.first { $0.rows == point.rows && $0.innerRows == point.innerRows }?.time.p50
        }
        guard let then = time(profile.entries), let now = time(measured) else { return nil }
        return RemeasuredPoint(
          kernel: point.kernel, shape: point.shape, threads: count, rows: point.rows,
          innerRows: point.innerRows,
          then: then, now: now)
      }
    }
    let references = threads.enumerated().map { ($0.element, run.referenceTimes($0.offset)) }
    return Remeasurement(
      points: pairs, references: Dictionary(uniqueKeysWithValues: references),
      noise: ProfileNoise(probeTimes: run.probeTimes))
  }

  private static func isTelling(_ entry: ProfileEntry) -> Bool {
    switch entry.shape.kind {
    case .gemm, .attention, .layerNorm: unsafe ck_find_kernel(entry.kernel.rawValue) != nil
    default: false
    }
  }

  private static func size(_ entry: ProfileEntry) -> Int {
    entry.shape.columns * max(1, entry.shape.depth) + entry.shape.heads * entry.shape.depth
  }

  /// The tier of that name as far as this CPU has it; the detected one for a name this build does not know.
  private static func tier(named name: String) -> ck_tier {
    let tiers = (0...CK_TIER_NEON_DOTPROD.rawValue).map { ck_tier(rawValue: $0) }
    let found = tiers.first { unsafe String(cString: ck_tier_name($0)) == name }
    return found.map { ck_tier_at_most($0) } ?? ck_detect_tier()
  }
}
