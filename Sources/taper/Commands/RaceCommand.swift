import ArgumentParser
import TaperAuditor
import TaperCalibration
import TaperJSON
import TaperPlanFormat
import TaperPlanRuntime
import TaperWorkflow

struct RaceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "race",
    abstract:
      "Times plans in turns on the same texts at batch 1, every text as it is, halting points and selectors at work.",
    discussion: "Speedups are of the first plan's total time; name the dense plan first.")

  @Argument(help: "The plans.") var plans: [String]
  @OptionGroup var texts: TextOptions
  @Option(Count.self, help: "Texts to use at most, drawn evenly with a fixed seed; all when absent.")
  var limit: Int?
  @Option(
    Count.self, help: "Timed runs of each text on each plan; a text's time is their median (default: 5).")
  var rounds = 5
  @Option(Count.self, help: "Workers; at most what every plan has.")
  var threads: Int?
  @Flag(help: "The result as JSON, with every text's figures.") var json = false

  func run() throws {
    try ExitStatus.catching {
      let loaded = try plans.map { try Inputs.plan($0) }
      let dataset = try Inputs.texts(texts, limit: limit)
      let first = loaded[0].plan
      for plan in loaded.dropFirst() {
        try ReferenceMismatch.check(first, against: plan.plan, option: "first plan")
      }
      let samples = try AuditSample.tokenized(dataset.rows, for: first).map(\.tokenized)
      var bar = ProgressBar()
      let race = try TextRace.measure(loaded, samples: samples, rounds: rounds, threads: threads) {
        bar.update($0, "racing \(loaded.count) plans on \(samples.count) texts")
      }
      bar.finish()
      let entries = zip(plans, zip(loaded, race.runners)).map {
        Entry(path: $0, plan: $1.0.plan, runner: $1.1)
      }
      Console.print(
        json ? jsonText(entries, samples, race.noise) : table(entries) + "\n" + NoiseSummary.text(race.noise))
    }
  }

  private struct Entry {
    var path: String
    var plan: Plan
    var runner: TextRace.Runner

    var time: ExpectedTime { ExpectedTime(runner.times) }
    var predicted: ExpectedTime { ExpectedTime(runner.predicted) }
    var meanDepth: Double { Double(runner.depths.reduce(0, +)) / Double(runner.depths.count) }
    var work: Double { runner.work.reduce(0) { $0 + Double($1.rawValue) } }
  }

  private func jsonText(_ entries: [Entry], _ samples: [TokenizedSample], _ noise: NoiseFigure) -> String {
    let object: JSONValue = [
      "schema_version": 1, "rounds": JSONValue(rounds),
      "tokens": .array(samples.map { JSONValue($0.ids.count) }), "plans": .array(entries.map(json)),
      "chunk": JSONValue(TextRace.chunk), "noise": NoiseSummary.json(noise),
    ]
    return object.serialized()
  }

  private func json(_ entry: Entry) -> JSONValue {
    func times(_ times: [Nanoseconds]) -> JSONValue {
      .array(times.map { .integer(Int64(clamping: $0.rawValue)) })
    }
    return [
      "plan": .string(entry.path), "method": .string(entry.plan.identity.method),
      "time": ExplainJSON.expected(entry.time), "predicted": ExplainJSON.expected(entry.predicted),
      "mean_depth": .number(entry.meanDepth), "work_flops": .number(entry.work),
      "times_ns": times(entry.runner.times), "predicted_ns": times(entry.runner.predicted),
      "depths": .array(entry.runner.depths.map { JSONValue($0) }),
      "probes": .array(entry.runner.probes.map(NoiseSummary.json)),
    ]
  }

  private func table(_ entries: [Entry]) -> String {
    var table = Table(header: ["plan", "layers", "mean", "p50", "p99", "speedup", "predicted", "work"])
    func speedup(_ entry: Entry, _ mean: (Entry) -> Nanoseconds) -> String {
      NumberText.times(Double(mean(entries[0]).rawValue) / Double(max(1, mean(entry).rawValue)))
    }
    for entry in entries {
      table.rows.append(
        [entry.path, NumberText.fixed(entry.meanDepth, 2)]
          + [entry.time.mean, entry.time.p50, entry.time.p99].map { NumberText.time($0) }
          + [
            speedup(entry) { $0.time.mean }, speedup(entry) { $0.predicted.mean },
            NumberText.times(entries[0].work / entry.work),
          ])
    }
    return table.rendered()
  }
}
