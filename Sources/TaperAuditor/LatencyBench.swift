public import TaperPlanFormat
public import TaperPlanRuntime

/// Times of every timed run at one input length, in the order they ran.
public struct LengthTiming: Hashable, Sendable {
  public let tokens: Int
  public let samples: [Nanoseconds]

  /// Nearest-rank percentile; `share` from 0 to 1.
  public func percentile(_ share: Double) -> Nanoseconds {
    TimePercentiles.rank(share, ofSorted: samples.sorted())
  }
}

/// End-to-end latency by input length, without judging it: what `taper bench` reports.
///
/// Lengths take turns over several rounds, so that a slow phase of a shared machine falls on all of them alike. Inputs
/// are the plan's canary examples, cut or repeated to the length, so token ids are those of real text. No halting point ends
/// a run: what is timed is the worst case, since where made-up inputs would end says nothing of real ones.
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
  ///   - progress: share done, 0 to 1.
  public func measure(
    lengths: [Int], runs: Int, progress: (Double) -> Void = { _ in }
  ) throws(AuditError) -> [LengthTiming] {
    var samples = loaded.plan.canaries.enumerated().map {
      AuditSample(index: $0.offset, ids: $0.element.ids, typeIDs: $0.element.typeIDs)
    }
    if samples.isEmpty { samples = [AuditSample(index: 0, ids: [0])] }
    var session = try Auditor.open(loaded, threads, tracing: false)
    var done = 0
    let times = try Auditor.interleave(&session, samples, lengths, runs: runs) { chunk in
      done += chunk
      progress(Double(done) / Double(runs * lengths.count))
    }
    return zip(lengths, times).map { LengthTiming(tokens: $0, samples: $1) }
  }
}
