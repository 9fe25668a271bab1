import ArgumentParser
import TaperAuditor
import TaperBase
import TaperCalibration
import TaperPlanFormat
import TaperPlanRuntime
import TaperReportRendering
import TaperWorkflow

struct RaceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "race",
    abstract:
      "Times several plans in turns on the same texts at their own lengths, batch 1.",
    discussion: """
      Halting points and selectors are on. Speedups are over the first plan; name the dense plan first.

      Two reference kernels are timed between chunks of texts. Exit 69 when their times vary by more than --noise: the \
      table is printed all the same, but the machine was too noisy to trust it.
      """)

  @Argument(help: "The plans.") var plans: [String]
  @OptionGroup var texts: TextOptions
  @Option(Count.self, help: "Texts to use at most, drawn evenly with a fixed seed; all when absent.")
  var limit: Int?
  @Option(
    Count.self, help: "Timed runs of each text on each plan; a text's time is their median (default: 5).")
  var rounds = 5
  @Option(Count.self, help: "Workers; at most what every plan has.")
  var threads: Int?
  @Option(
    Share.self,
    help:
      "Largest spread of the reference kernels' times (default: \(Share.text(ReferenceNoise.defaultBound)))."
  )
  var noise = ReferenceNoise.defaultBound
  @Flag(help: "The result as JSON, with every text's figures.") var json = false

  func run() throws {
    try ExitStatus.catching {
      let loaded = try plans.map { try Inputs.plan($0) }
      let dataset = try Inputs.texts(texts, limit: limit)
      let first = loaded[0].plan
      for plan in loaded.dropFirst() {
        try ReferenceMismatch.check(first, against: plan.plan, option: "first plan")
      }
      let samples = try AuditSample.tokenized(dataset.rows, for: first)
      let watch = QuotaWatch()
      defer { watch.report() }
      var bar = ProgressBar()
      let race = try TextRace.measure(
        loaded, samples: samples, rounds: rounds, threads: threads, noiseBound: noise
      ) { bar.update($0, "racing \(loaded.count) plans on \(samples.count) texts") }
      bar.finish()
      let entries = zip(plans, zip(loaded, race.runners)).map {
        Entry(path: $0, plan: $1.0.plan, runner: $1.1)
      }
      try Console.print(report(entries, samples, race.noise), json: json, pretty: false)
      if race.noise.isNoisy { throw ExitCode(ExitStatus.tooNoisy.rawValue) }
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

  private func report(_ entries: [Entry], _ samples: [AuditSample], _ noise: ReferenceNoise) -> Report {
    Report("race", of: "\(NumberText.count(entries.count, "plan"))") {
      ReportNode.data("rounds", .integer(rounds))
      ReportNode.data("tokens", .integers(samples.map(\.ids.count)))
      table(entries)
      ReportNode.data("chunk", .integer(TextRace.chunk))
      ReportNode.data("noise", noise.value)
      ReportNode.paragraph(noise.words, .plain)
    }
  }

  private func table(_ entries: [Entry]) -> ReportTable {
    func speedup(_ entry: Entry, _ mean: (Entry) -> Nanoseconds) -> ReportValue {
      .factor(Double(mean(entries[0]).rawValue) / Double(max(1, mean(entry).rawValue)))
    }
    return ReportTable(
      key: "plans",
      [
        .init("plan", key: "plan", .left), .data("method"), .data("time"), .data("predicted"),
        .init("layers", key: "mean_depth"), .data("work_flops"), .init("mean"), .init("p50"), .init("p99"),
        .init("speedup"), .init("predicted"), .init("K"), .data("times_ns"), .data("predicted_ns"),
        .data("depths"), .data("probes"),
      ], style: .ruled,
      rows: entries.map { entry in
        .init([
          .text(entry.path), .text(entry.plan.identity.method), .record(entry.time.fields),
          .record(entry.predicted.fields), .number(entry.meanDepth), .number(entry.work),
          .time(entry.time.mean),
          .time(entry.time.p50), .time(entry.time.p99), speedup(entry) { $0.time.mean },
          speedup(entry) { $0.predicted.mean },
          entry.work == 0 ? .none : .factor(entries[0].work / entry.work),
          .times(entry.runner.times), .times(entry.runner.predicted), .integers(entry.runner.depths),
          .list(entry.runner.probes.map(\.value)),
        ])
      })
  }
}
