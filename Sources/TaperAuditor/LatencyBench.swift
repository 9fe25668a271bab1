public import TaperPlanFormat
public import TaperPlanRuntime

/// Times of every timed run at one input length, in the order they ran.
public struct LengthTiming: Hashable, Sendable {
  public let tokens: Int
  public let samples: [Nanoseconds]
  public let percentiles: TimePercentiles

  /// - Precondition: `samples` is not empty.
  public init(tokens: Int, samples: [Nanoseconds]) {
    self.tokens = tokens
    self.samples = samples
    percentiles = TimePercentiles(samples)
  }
}

/// What `LatencyBench` measured.
public struct LatencyTimings: Hashable, Sendable {
  /// A turn: some runs of one length, and what the reference kernels took before and after.
  public struct Chunk: Hashable, Sendable {
    public let tokens: Int
    public let runs: Int
    public let before: ReferenceTimes
    public let after: ReferenceTimes

    public init(tokens: Int, runs: Int, before: ReferenceTimes, after: ReferenceTimes) {
      self.tokens = tokens
      self.runs = runs
      self.before = before
      self.after = after
    }
  }

  public let lengths: [LengthTiming]
  /// In the order they ran.
  public let chunks: [Chunk]
  public let noise: ReferenceNoise

  public init(lengths: [LengthTiming], chunks: [Chunk], noise: ReferenceNoise) {
    self.lengths = lengths
    self.chunks = chunks
    self.noise = noise
  }
}

/// End-to-end latency by input length, without judging it: what `taper bench` reports.
///
/// Lengths take turns over several rounds, so that a slow phase of a shared machine affects all of them alike. Inputs
/// are the plan's canary examples, cut or repeated to the length, so token ids are those of real text. No halting point
/// ends a run: what is timed is the worst case, because the layer after which made-up inputs halt says nothing about
/// real texts.
public struct LatencyBench {
  let loaded: LoadedPlan
  let threads: Int?

  /// - Parameter threads: workers; nil: as many as the plan and this process's CPUs allow.
  public init(_ loaded: LoadedPlan, threads: Int? = nil) {
    self.loaded = loaded
    self.threads = threads
  }

  /// - Parameters:
  ///   - lengths: input lengths in tokens, each at most the plan's maximum.
  ///   - runs: timed runs at each length, at least 1.
  ///   - noiseBound: largest spread of the reference kernels at which the machine counts as steady.
  ///   - progress: share done, 0 to 1.
  public func measure(
    lengths: [Int], runs: Int, noiseBound: Double = ReferenceNoise.defaultBound,
    progress: (Double) -> Void = { _ in }
  ) throws(AuditError) -> LatencyTimings {
    var samples = loaded.plan.canaries
    if samples.isEmpty { samples = [Canary(ids: [0], typeIDs: [], expected: [], tolerance: 0)] }
    var session = try Auditor.open(loaded, threads, tracing: false)
    var probe = try MachineProbe(session)
    var done = 0
    var turns: [(tokens: Int, runs: Int)] = []
    let times = try Auditor.interleave(&session, samples, lengths, runs: runs, &probe) { place, count in
      turns.append((lengths[place], count))
      done += count
      progress(Double(done) / Double(runs * lengths.count))
    }
    return LatencyTimings(
      lengths: zip(lengths, times).map { LengthTiming(tokens: $0, samples: $1) },
      chunks: turns.indices.map {
        LatencyTimings.Chunk(
          tokens: turns[$0].tokens, runs: turns[$0].runs, before: probe.times[$0], after: probe.times[$0 + 1])
      },
      noise: ReferenceNoise(probes: probe.times, bound: noiseBound))
  }
}
