import ArgumentParser
import TaperAuditor
import TaperBase
import TaperPlanFormat
import TaperPlanRuntime
import TaperReportRendering

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Latency by input length: percentiles of many runs, lengths interleaved.",
    discussion: """
      A plan with halting points is timed through all layers; taper audit times it on real texts.

      Two reference kernels, one compute-bound and one memory-bound, are timed between chunks of runs. Exit 69 when \
      their times vary by more than --noise: the machine was too noisy to trust the result.
      """)

  @Argument(help: "The plan.") var plan: String
  @OptionGroup var loading: LoadOptions
  @Option(Lengths.self, help: "Input lengths to time: 16,64,256; the plan's reference lengths when absent.")
  var lengths: [Int]?
  @Option(Count.self, help: "Timed runs at each length (default: 200).")
  var runs = 200
  @Option(Count.self, help: "Workers; at most the plan's.")
  var threads: Int?
  @Option(
    Share.self,
    help:
      "Largest spread of the reference kernels' times (default: \(Share.text(ReferenceNoise.defaultBound)))."
  )
  var noise = ReferenceNoise.defaultBound
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
      let watch = QuotaWatch()
      defer { watch.report() }
      var bar = ProgressBar()
      let timings = try LatencyBench(loaded, threads: workers).measure(
        lengths: lengths, runs: runs, noiseBound: noise
      ) { bar.update($0, "timing") }
      bar.finish()
      try Console.print(Report(timings, plan: plan, threads: workers, samples: samples), json: json)
      if timings.noise.isNoisy { throw ExitCode(ExitStatus.tooNoisy.rawValue) }
    }
  }
}
