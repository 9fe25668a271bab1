import ArgumentParser
import TaperAuditor
import TaperJSON
import TaperPlanFormat
import TaperPlanRuntime

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Latency by input length: percentiles of many runs, lengths interleaved.",
    discussion: """
      A plan with halting points is timed in its worst case, no run ended early; taper audit times it on texts as they are.

      Between chunks of runs two fixed pieces of work are timed, one bound by arithmetic and one by memory. Exit 69 when \
      they vary by more than --noise: then the machine was too noisy to judge by what was measured.
      """)

  @Argument(help: "The plan.") var plan: String
  @OptionGroup var loading: LoadOptions
  @Option(Lengths.self, help: "Input lengths in tokens.")
  var lengths: [Int]?
  @Option(Count.self, help: "Timed runs at each length (default: 200).")
  var runs = 200
  @Option(Count.self, help: "Workers; at most the plan's.")
  var threads: Int?
  @Option(
    Share.self,
    help:
      "Largest spread of the machine's speed that is not too noisy (default: \(Share.text(NoiseFigure.defaultBound)))."
  )
  var noise = NoiseFigure.defaultBound
  @Flag(help: "With --json: every run's time as well, and the chunks they ran in.") var samples = false
  @Flag(help: "The result as JSON.") var json = false

  func run() throws {
    try ExitStatus.catching {
      let loaded = try loading.load(plan)
      let maximum = loaded.plan.schedule.maximumLength
      let lengths = lengths ?? loaded.plan.predictions.referenceLengths.map(Int.init)
      if let tooLong = lengths.first(where: { $0 > maximum }) {
        throw CommandError.usage(
          "--lengths: expected at most \(maximum), the plan's longest input; found \(tooLong)")
      }
      let workers = threads ?? loaded.defaultThreads
      var bar = ProgressBar()
      let timings = try LatencyBench(loaded, threads: workers).measure(
        lengths: lengths, runs: runs, noiseBound: noise
      ) { bar.update($0, "timing") }
      bar.finish()
      Console.print(json ? jsonText(timings, threads: workers) : text(timings))
      if timings.noise.isNoisy { throw ExitCode(ExitStatus.tooNoisy.rawValue) }
    }
  }

  private func jsonText(_ timings: LatencyTimings, threads: Int) -> String {
    var object = JSONObject([
      ("schema_version", 1), ("threads", JSONValue(threads)),
      ("lengths", .array(timings.lengths.map { json($0) })), ("noise", NoiseSummary.json(timings.noise)),
    ])
    if samples {
      object["chunks"] = .array(
        timings.chunks.map {
          [
            "tokens": JSONValue($0.tokens), "runs": JSONValue($0.runs),
            "before": NoiseSummary.json($0.before),
            "after": NoiseSummary.json($0.after),
          ]
        })
    }
    return JSONValue.object(object).serialized(pretty: true)
  }

  private func json(_ time: Nanoseconds?) -> JSONValue {
    time.map { JSONValue.integer(Int64(clamping: $0.rawValue)) } ?? nil
  }

  private func json(_ timing: LengthTiming) -> JSONValue {
    var object = JSONObject([("tokens", JSONValue(timing.tokens)), ("runs", JSONValue(timing.samples.count))])
    for percentile in Percentile.allCases {
      object["\(percentile)_ns"] = json(timing.percentiles[percentile].time)
    }
    for percentile in Percentile.allCases {
      let estimate = timing.percentiles[percentile]
      object["\(percentile)_interval_ns"] = [json(estimate.low), json(estimate.high)]
    }
    if samples { object["samples_ns"] = .array(timing.samples.map { json($0) }) }
    return .object(object)
  }

  private func text(_ timings: LatencyTimings) -> String {
    func bound(_ time: Nanoseconds?) -> String { time.map { NumberText.time($0) } ?? "?" }
    var table = Table(
      header: ["tokens", "runs"] + Percentile.allCases.flatMap { [$0.name, "95% interval"] })
    for timing in timings.lengths {
      table.rows.append(
        ["\(timing.tokens)", "\(timing.samples.count)"]
          + Percentile.allCases.flatMap { percentile in
            let estimate = timing.percentiles[percentile]
            return [NumberText.time(estimate.time), "\(bound(estimate.low)) – \(bound(estimate.high))"]
          })
    }
    return table.rendered() + "\n" + NoiseSummary.text(timings.noise)
  }
}
