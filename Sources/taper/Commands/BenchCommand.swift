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
      """)

  @Argument(help: "The plan.") var plan: String
  @OptionGroup var loading: LoadOptions
  @Option(Lengths.self, help: "Input lengths in tokens.")
  var lengths: [Int]?
  @Option(Count.self, help: "Timed runs at each length.")
  var runs = 200
  @Option(Count.self, help: "Workers; at most the plan's.")
  var threads: Int?
  @Flag(help: "With --json: every run's time as well.") var samples = false
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
      let timings = try LatencyBench(loaded, threads: workers).measure(lengths: lengths, runs: runs) {
        bar.update($0, "timing")
      }
      bar.finish()
      Console.print(json ? jsonText(timings, threads: workers) : table(timings))
    }
  }

  private func jsonText(_ timings: [LengthTiming], threads: Int) -> String {
    let object: JSONValue = [
      "schema_version": 1, "threads": JSONValue(threads), "lengths": .array(timings.map { json($0) }),
    ]
    return object.serialized(pretty: true)
  }

  private func json(_ timing: LengthTiming) -> JSONValue {
    var object = JSONObject([("tokens", JSONValue(timing.tokens)), ("runs", JSONValue(timing.samples.count))])
    for (name, share) in [("p50_ns", 0.5), ("p90_ns", 0.9), ("p99_ns", 0.99)] {
      object[name] = .integer(Int64(timing.percentile(share).rawValue))
    }
    if samples { object["samples_ns"] = .array(timing.samples.map { .integer(Int64($0.rawValue)) }) }
    return .object(object)
  }

  private func table(_ timings: [LengthTiming]) -> String {
    var table = Table(header: ["tokens", "runs", "p50", "p90", "p99"])
    for timing in timings {
      table.rows.append(
        ["\(timing.tokens)", "\(timing.samples.count)"]
          + [0.5, 0.9, 0.99].map { NumberText.time(timing.percentile($0)) })
    }
    return table.rendered()
  }
}
