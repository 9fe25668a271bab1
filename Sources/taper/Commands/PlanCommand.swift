import ArgumentParser
import TaperBase
import TaperPlanFormat
import TaperPlanner
import TaperWorkflow

struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Compiles a model into a plan that meets a target on a device.",
    discussion: "Targets, methods and gates are described in docs/commands.md and specs/planning.md.")

  @OptionGroup var options: PlanningOptions
  @Option(
    Deadlines.self,
    help: "Longest predicted time: 5ms; by input length: 64:2ms,256:8ms; at a percentile: 5ms@p99.")
  var latency: TimeLimits?
  @Option(
    Latency.self, help: "Longest predicted time on average over the calibration's texts; also with --latency."
  )
  var meanLatency: Nanoseconds?
  @Option(
    Rate.self, help: "Texts a second, one after the other, of the calibration's lengths; also with --latency."
  )
  var throughput: Double?
  @Option(Speedup.self, help: "Predicted time compared with the dense plan, at the longest input: 3x.")
  var speedup: Double?
  @Option(
    Speedup.self, help: "Work (FLOPs, the published form) compared with the dense plan, at the longest input."
  )
  var flopsSpeedup: Double?
  @Flag(help: "Every token in every layer.") var dense = false
  @Option(KeepCounts.self, help: "Tokens kept after each layer at the longest input: 256,64,64,64,64,64.")
  var keepCounts: [Int]?
  @Option(help: "What is given up to meet the target.") var method = CompileMethod.Name.acc
  @OptionGroup var methods: MethodOptions
  @Option(
    WholeNumber.self,
    help: "Layers to keep, 0 for word rows alone (default: all, or what the method chooses).")
  var depth: Int?
  @Option(
    Decay.self,
    help: "Decay of the elimination profile: acc (fitted to the calibration) or a number (default: acc).")
  var decay = Decay.calibrated
  @Option(Portion.self, help: "Accuracy (agreement without labels) the plan may lose, else exit 3: 0.75%.")
  var maxDrop: Double?
  @Option(
    Portion.self, help: "Accuracy (agreement without labels) that the texts must prove, else exit 3: 95%.")
  var minAccuracy: Double?
  @Option(Size.self, help: "Most working memory of a session, else exit 2: 4MiB.") var maxArena: Bytes?
  @Option(Size.self, help: "Most memory of weights, tables and arena together, else exit 2: 60MiB.")
  var maxResident: Bytes?
  @Flag(help: "Write the weights into a file next to the plan, for several plans to share.")
  var shareWeights = false
  @Option(name: .shortAndLong, help: "The plan to write.") var output: String
  @Flag(help: "The summary as JSON.") var json = false

  func run() throws {
    try ExitStatus.catching {
      try Outputs.check(files: [output])
      // Contradictions are refused before anything is read.
      let goal = try goal()
      var loaded = try options.load()
      if options.precision == nil {
        loaded.options.precision = .unstated(for: goal, isCalibrated: options.calibration != nil)
      }
      let request = CompileRequest(
        goal, options: loaded.options, memory: MemoryCeiling(arena: maxArena, resident: maxResident),
        gate: AccuracyGate(maximumDrop: maxDrop, minimum: minAccuracy))
      var bar = ProgressBar()
      let outcome: PlanCompiler.Outcome
      do {
        outcome = try loaded.compiler.compile(
          request, refit: loaded.refit, search: methods.search(loaded.digests)
        ) { stage, fraction in bar.update(fraction, stage) }
      } catch {
        bar.finish()
        if FilePath.exists(output) { Console.note("note: \(output) is still what it was before") }
        throw error
      }
      bar.finish()
      let exactTimes = try loaded.compiler.exactDenseTimes(for: outcome, loaded.options)
      let plan = try write(outcome.planned)
      warnOfPrecision(plan, exactTimes)
      if loaded.judgesOnTrainingTexts {
        Console.note(
          "note: the calibration's texts are those that the model's head was fitted to; on others it answers worse"
        )
      }
      try Console.print(
        PlanReport(
          plan: plan, path: output, outcome: outcome, exactTimes: exactTimes,
          hasThreads: options.threads != nil, allowed: maxDrop
        ).report, json: json)
    }
  }

  private func goal() throws -> CompileGoal {
    let averages = [meanLatency.map(TimeLimits.Average.time), throughput.map(TimeLimits.Average.throughput)]
      .compactMap(\.self)
    guard averages.count < 2 else {
      throw CommandError.usage("--mean-latency, --throughput: expected one of them; found both")
    }
    let targets = CompileGoal.targets(
      isDense: dense, keepCounts: keepCounts, deadlines: latency, averages: averages, speedup: speedup,
      workSpeedup: flopsSpeedup)
    guard targets.count == 1 else {
      throw CommandError.usage(
        """
        target: expected one of --latency, --mean-latency, --throughput, --speedup, --flops-speedup, --keep-counts, \
        --dense (an average also with --latency); found \(targets.count)
        """)
    }
    guard options.precision != .asNeeded || latency != nil || !averages.isEmpty else {
      throw CommandError.usage(
        "--precision as-needed: expected a target in time; found none; give one, or the precision itself, or auto"
      )
    }
    try methods.check([method], readOut: options.readOut, keepsAll: dense)
    guard decay == .calibrated || method.hasDecay else {
      throw CommandError.usage(
        "--decay: expected method acc or acc+halting; found --method \(method.rawValue)")
    }
    guard options.refitHead == nil || !method.halts else {
      throw CommandError.usage(
        """
        --refit-head: expected a method that answers with one head; found \(method.rawValue), with one for each layer, \
        trained together; leave it out, and train the model on these texts with tools/tune halting
        """)
    }
    return try CompileGoal(targets[0], method: methods.method(method, decay: decay.number), depth: depth)
  }

  /// On a CPU without the instructions that it needs, a lower precision gains nothing.
  private func warnOfPrecision(_ plan: Plan, _ exactTimes: [Nanoseconds]?) {
    guard let asked = options.precision?.precision, asked != .f32, let exact = exactTimes?.last,
      let time = plan.predictions.lengths.last?.denseTime, exact <= time
    else { return }
    Console.note(
      "warning: --precision \(asked.rawValue) gains no time on this device: at "
        + "\(NumberText.count(plan.schedule.maximumLength, "token")) the profile predicts "
        + "~\(NumberText.time(time)) of the dense plan, and ~\(NumberText.time(exact)) in f32")
  }

  private func write(_ planned: PlannedModel) throws -> Plan {
    guard shareWeights else {
      try PlanWriter.write(planned.plan, to: output, weights: planned.weightSource)
      return planned.plan
    }
    var plan = planned.plan
    plan.weights.isEmbedded = false
    plan.weights = try PlanWriter.writeWeightsFile(
      plan.weights, inFolder: FilePath.folder(of: output), weights: planned.weightSource
    ).index
    try PlanWriter.write(plan, to: output)
    return plan
  }
}
