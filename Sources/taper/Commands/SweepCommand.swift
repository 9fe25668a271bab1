import ArgumentParser
import TaperAuditor
import TaperBase
import TaperCalibration
import TaperJSON
import TaperPlanFormat
import TaperPlanRuntime
import TaperPlanner
import TaperReportRendering
import TaperWorkflow

struct SweepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep",
    abstract:
      "Plans from 1x to the highest speedup on one weights file, each judged and timed next to the dense plan.",
    discussion: """
      Accuracy is of --test where given, else of what --refit-head held out, else agreement on the calibration texts. \
      See docs/commands.md.
      """)

  @OptionGroup var options: PlanningOptions
  @Option(Methods.self, help: "Methods of taper plan to sweep: acc,lexical,depth,search (default: acc).")
  var methods = [CompileMethod.Name.acc]
  @OptionGroup var methodOptions: MethodOptions
  @Option(
    Factors.self,
    help: "Speedups to plan for, as far as each method reaches (default: 1.25,1.5,2,2.5,3,4,5,6,8,10).")
  var speedups = [1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10]
  @Flag(help: "Speedups of work (FLOPs, the published form) instead of predicted time.") var inWork = false
  @Option(help: "Labelled texts that nothing was trained on, to judge every plan on.") var test: String?
  @Option(Count.self, help: "Use at most so many texts of --test, drawn with a fixed seed (default: all).")
  var testLimit: Int?
  @Option(Count.self, help: "Timed runs of each plan, in turns (default: nothing is timed).") var runs: Int?
  @Option(Portion.self, help: "Name the fastest plan that loses at most so much: 0.75%.") var maxDrop: Double?
  @Option(help: "Draw accuracy over speedup into this file.") var svg: String?
  @Option(help: "Write the curve and the table as one page.") var html: String?
  @Option(name: .shortAndLong, help: "The folder to write the plans and their weights file into.")
  var output: String
  @Flag(help: "The table as JSON.") var json = false

  func run() throws {
    try ExitStatus.catching {
      try Outputs.check(files: [svg, html], folders: FilePath.exists(output) ? [] : [output])
      try methodOptions.check(methods, readOut: options.readOut)
      guard options.precision != .asNeeded else {
        throw CommandError.usage(
          "--precision: expected f32, f32x3, bf16, int8 or auto for a sweep; found as-needed")
      }
      guard svg == nil || test != nil || options.refitHead != nil || options.calibration != nil else {
        throw CommandError.usage(
          "--svg: expected accuracies to draw; found none; give --test, --refit-head or --calibration")
      }
      guard options.measuring.metric == nil || test != nil || options.refitHead != nil else {
        throw CommandError.usage("--metric: expected --test or --refit-head to measure on; found neither")
      }
      let loaded = try options.load(readsPairs: test != nil)
      let texts = try test.map {
        try Inputs.texts(from: $0, options.reading, limit: testLimit, seed: 1, requiresLabels: true)
      }
      var bar = ProgressBar()
      let sweep = Sweep(loaded.compiler)
      let candidates = try sweep.candidates(
        Sweep.Request(
          options: loaded.options, methods: methods.map { methodOptions.method($0) }, factors: speedups,
          isInWork: inWork),
        refit: loaded.refit, maximumDrop: maxDrop, search: { methodOptions.search(loaded.digests) }
      ) { bar.update(0.6 * $1, $0) }
      try OutputFolder.make(output)
      let plans = try Sweep.write(candidates, to: output)
      let judged = try sweep.accuracies(
        candidates, plans, test: texts?.rows, refit: loaded.refit, by: loaded.options.measure
      ) {
        bar.update(0.6 + 0.25 * $0, "judging \(plans.count) plans")
      }
      let isInMean = plans.contains { $0.plan.halting != nil || $0.plan.expectations != nil }
      let times = try runs.map { try time(plans, texts?.rows, runs: $0, isInMean: isInMean, &bar) }
      bar.finish()
      let tokens = loaded.options.maximumLength
      let rows = candidates.indices.map { place in
        SweepRow(
          name: candidates[place].name, method: candidates[place].method,
          layers: plans[place].plan.schedule.layerCount,
          prediction: plans[place].plan.predictions.lengths[tokens - 1], measured: times?.longest[place],
          expected: sweep.expectedTime(candidates[place].outcome.planned), mean: times?.means?[place],
          accuracy: judged.accuracies[place])
      }
      let identity = plans[0].plan.identity
      try show(
        SweepReport(
          model: identity.modelName, device: identity.deviceName, precision: identity.precision,
          threads: Int(identity.threads), tokens: tokens, evidence: judged.evidence, isInMean: isInMean,
          rows: rows),
        weights: WeightsFile.name(for: plans[0].plan.weights.digest))
    }
  }

  /// On the test texts, or on the plans' own examples.
  private func time(
    _ plans: [LoadedPlan], _ rows: [TextRow]?, runs: Int, isInMean: Bool, _ bar: inout ProgressBar
  ) throws -> (longest: [TimePercentiles], means: [Nanoseconds]?) {
    let dense = plans[0].plan
    let samples =
      try rows.map {
        try AuditSample.tokenized(SeededSubset.elements(of: $0, limit: runs, seed: 2), for: dense)
      }
      ?? dense.canaries.enumerated().map {
        AuditSample(index: $0.offset, ids: $0.element.ids, typeIDs: $0.element.typeIDs)
      }
    let stage = "timing \(plans.count) plans in turns"
    let longest = try PlanRace.measure(
      plans, samples: samples, tokens: dense.schedule.maximumLength, runs: runs
    ) { bar.update(0.85 + 0.1 * $0, stage) }
    guard isInMean else { return (longest, nil) }
    let race = try TextRace.measure(plans, samples: samples, rounds: 3) {
      bar.update(0.95 + 0.05 * $0, stage)
    }
    return (longest, race.runners.map { ExpectedTime($0.times).mean })
  }

  /// The table first: what cannot be drawn or written must not take it along.
  private func show(_ report: SweepReport, weights: String) throws {
    let page = Report(report, weights: weights, drop: maxDrop)
    try Console.print(page, json: json)
    if !json {
      try Console.print("→ \(output): \(NumberText.count(report.rows.count, "plan")) on \(weights)")
    }
    if let html { try WholeFile.write(HTMLRenderer.render(page), to: html) }
    if let svg {
      guard let chart = Chart.sweep(report)?.standalone() else {
        throw CommandError.usage(
          """
          --svg: expected plans besides the dense one, and accuracies, to draw; found none; ask for other --methods \
          or --speedups
          """
        )
      }
      try WholeFile.write(chart, to: svg)
    }
  }
}
