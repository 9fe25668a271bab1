import ArgumentParser
import TaperPlanFormat
import TaperPlanner
import TaperWorkflow

struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Compiles a model into a plan that meets a target on a device.")

  @OptionGroup var options: PlanningOptions
  @Option(
    Deadlines.self,
    help: """
      Predicted time at most this, for every length up to the longest: 5ms; or up to each of several: 64:2ms,256:8ms; in the \
      median, or as 5ms@p99 in so many runs on a machine as unsteady as when it was profiled.
      """)
  var latency: TimeLimits?
  @Option(
    Latency.self,
    help: "Predicted time at most this on average over the calibration's lengths; also beside --latency.")
  var meanLatency: Nanoseconds?
  @Option(
    Rate.self,
    help:
      "So many texts a second, one after the other, over the calibration's lengths; also beside --latency.")
  var throughput: Double?
  @Option(Speedup.self, help: "Predicted time this many times less than dense at the longest length: 3x.")
  var speedup: Double?
  @Option(Speedup.self, help: "Work (FLOPs, the published form) this many times less at the longest length.")
  var flopsSpeedup: Double?
  @Flag(help: "Every token in every layer.") var dense = false
  @Option(
    KeepCounts.self,
    help:
      "Tokens kept after each layer at the longest length, shorter ones in proportion: 256,64,64,64,64,64.")
  var keepCounts: [Int]?
  @Option(
    help: """
      What is given up: acc (tokens, by attention context contribution), selector (tokens, by the selectors that tune selector \
      trained), halting (layers that a text does not need, by the halting points that tune halting trained), acc+halting, selector+halting, depth (layers, every token kept) or search (all of these that the model has, and with --precision auto precisions; candidates are judged on the labelled texts of --refit-head, their heads refitted, or with the model's own heads on the calibration's texts).
      """)
  var method = "acc"
  @Option(
    help: """
      Method selector: dynamic (tokens above the selectors' threshold, at most as many as the target allows) or static (as \
      many as the target allows).
      """)
  var selection = TokenSelection.dynamic.rawValue
  @Option(
    help: """
      Methods that halt: when a halting point ends a run, tight or authors. Neither changes a label; tight ends no later.
      """)
  var haltingRule = HaltingRule.tight.rawValue
  @Option(Count.self, help: "Layers to keep; all, or what the method chooses, when absent.") var depth: Int?
  @Option(
    help: "Method search: a file (JSON lines) that keeps trials, so that a search can go on where it stopped."
  )
  var searchCache: String?
  @Option(Minutes.self, help: "Method search: minutes after which no further candidate is tried.")
  var searchMinutes: Double?
  @Option(
    Decay.self,
    help: """
      Decay b of the elimination profile exp(-b·l): acc (fitted to the calibration) or a number (default: acc).
      """)
  var decay = Decay.calibrated
  @Option(Share.self, help: "Accuracy (agreement without labels) the plan may lose, else exit 3: 0.75%.")
  var maxDrop: Double?
  @Option(
    Portion.self,
    help:
      "Accuracy (agreement without labels) that the texts must prove, as the lower end of its 95% interval, else exit 3: 95%."
  )
  var minAccuracy: Double?
  @Option(Size.self, help: "The most working memory of a session: 4MiB.") var maxArena: Bytes?
  @Option(Size.self, help: "The most memory of all that the plan keeps: weights, tables and arena: 60MiB.")
  var maxResident: Bytes?
  @Flag(help: "Keep the weights in a file of their own beside the plan, for several plans to share.")
  var shareWeights = false
  @Option(name: .shortAndLong, help: "The plan to write.") var output: String
  @Flag(help: "The summary as JSON.") var json = false

  func run() throws {
    try ExitStatus.catching {
      let target = try target()
      let method = try PlanningOptions.method(method, option: "--method")
      let selection = try PlanningOptions.selection(selection)
      let rule = try PlanningOptions.haltingRule(haltingRule)
      try MethodOptions.check(
        [method], selection: selection, haltingRule: rule,
        searches: searchCache != nil || searchMinutes != nil)
      try checkConflicts(method)
      let loaded = try options.load()
      let (compiler, refit) = (loaded.compiler, loaded.refit)
      var request = loaded.request
      request.target = target
      request.method = method
      request.selection = selection
      request.haltingRule = rule
      request.decay = decay.number
      request.depth = depth
      request.memory = MemoryCeiling(arena: maxArena, resident: maxResident)
      request.requestText = requestText(request.requestText)
      request.fixedSchedule = try fixedSchedule(maximumLength: request.maximumLength)
      var bar = ProgressBar()
      var candidates: [PlanCandidate] = []
      // The precision search runs the encoder about as often as what follows.
      let searchShare = options.precision == "auto" ? 0.5 : 0
      if options.precision == "auto" {
        let choice = try compiler.choosePrecision(request, maximumDrop: maxDrop ?? 0.003) {
          stage, fraction in
          bar.update(searchShare * fraction, stage)
        }
        (request.precision, candidates) = (choice.precision, choice.candidates)
      }
      var outcome = try compiler.compile(
        request, refit: refit, search: searchOptions(loaded),
        gate: AccuracyGate(maximumDrop: maxDrop, minimum: minAccuracy)
      ) { stage, fraction in
        bar.update(searchShare + (1 - searchShare) * fraction, stage)
      }
      bar.finish()
      outcome.candidates = candidates + outcome.candidates
      outcome.percentile = compiler.margin(of: request)
      let plan = try write(outcome.planned)
      Console.print(PlanReport(plan: plan, path: output, outcome: outcome).report, json: json)
    }
  }

  /// Refuses what the method would not read, before anything is.
  private func checkConflicts(_ method: PlanningMethod) throws {
    func require(_ holds: Bool, _ message: String) throws {
      if !holds { throw CommandError.usage(message) }
    }
    if method == .search {
      try require(
        !dense && depth == nil && decay == .calibrated,
        "--method search: expected a target in time or work, and neither --depth nor --decay, which it chooses; found one"
      )
    }
    if method.selects {
      try require(
        !dense && decay == .calibrated,
        "--method selector: expected a target in time or work, and no --decay, which is attention's; found one"
      )
    }
    if method == .depth {
      try require(
        !dense || depth != nil, "--method depth: expected a target or --depth; found --dense alone")
    }
    if decay != .calibrated {
      let found = dense ? "--dense" : keepCounts == nil ? "--method \(method.rawValue)" : "--keep-counts"
      try require(
        (method == .acc || method == .accHalting) && !dense && keepCounts == nil,
        "--decay: expected method acc or acc+halting and a target in time or work, which it shapes; found \(found)"
      )
    }
    if options.refitHead != nil {
      try require(
        !method.halts,
        """
        --refit-head: expected a method that answers with one head; found \(method.rawValue), with one a layer, trained \
        together; leave it out, and tune halting on these texts
        """)
    }
  }

  private func searchOptions(_ loaded: PlanningOptions.Loaded) -> PlanCompiler.SearchOptions {
    options.searchOptions(loaded, cachePath: searchCache, minutes: searchMinutes)
  }

  private func target() throws -> PlanningTarget {
    var targets: [PlanningTarget] = []
    if let limits = try limits() { targets.append(limits) }
    if let speedup { targets.append(.speedup(speedup)) }
    if let flopsSpeedup { targets.append(.workSpeedup(flopsSpeedup)) }
    if dense || keepCounts != nil { targets.append(.dense) }
    guard let target = targets.first, targets.count == 1 else {
      throw CommandError.usage(
        "target: expected one of --latency (with --mean-latency or --throughput, or one of these alone), --speedup, --flops-speedup, --keep-counts, --dense; found \(targets.count)"
      )
    }
    return target
  }

  private func limits() throws -> PlanningTarget? {
    if meanLatency != nil, throughput != nil {
      throw CommandError.usage("--mean-latency, --throughput: expected one of them; found both")
    }
    let average = meanLatency.map(TimeLimits.Average.time) ?? throughput.map(TimeLimits.Average.throughput)
    if let average {
      var limits = latency ?? TimeLimits()
      limits.average = average
      return .times(limits)
    }
    guard let latency else { return nil }
    return latency.steps[0].maximumLength == .max
      ? .latency(latency.steps[0].time, at: latency.percentile) : .times(latency)
  }

  private func fixedSchedule(maximumLength: Int) throws -> Schedule? {
    guard let keepCounts else { return nil }
    guard method == PlanningMethod.acc.rawValue, !dense else {
      throw CommandError.usage("--keep-counts: expected method acc and no --dense; found --method \(method)")
    }
    guard let first = keepCounts.first, first <= maximumLength else {
      throw CommandError.usage(
        "--keep-counts: expected at most \(maximumLength) tokens, the longest input; found \(keepCounts)")
    }
    return .proportional(to: keepCounts, maximumLength: maximumLength)
  }

  /// The wish in words, without paths, for the plan's provenance.
  private func requestText(_ common: String) -> String {
    var words: [String] = []
    if let latency {
      let steps = latency.steps.map { step in
        (step.maximumLength == .max ? "" : "\(step.maximumLength):") + Latency.text(step.time)
      }
      let percentile = latency.percentile == .p50 ? "" : "@\(latency.percentile.name)"
      words.append("--latency " + steps.joined(separator: ",") + percentile)
    }
    if let meanLatency { words.append("--mean-latency \(Latency.text(meanLatency))") }
    if let throughput { words.append("--throughput \(Rate.text(throughput))") }
    if let speedup { words.append("--speedup \(speedup)x") }
    if let flopsSpeedup { words.append("--flops-speedup \(flopsSpeedup)x") }
    if dense { words.append("--dense") }
    if let keepCounts {
      words.append("--keep-counts " + keepCounts.map(String.init).joined(separator: ","))
    }
    words.append("--method \(method)")
    if method == PlanningMethod.search.rawValue || PlanningMethod(rawValue: method)?.halts == true {
      words.append("--halting-rule \(haltingRule)")
    }
    if PlanningMethod(rawValue: method)?.selects == true { words.append("--selection \(selection)") }
    words.append(common)
    if let depth { words.append("--depth \(depth)") }
    if decay != .calibrated { words.append("--decay \(decay)") }
    if let maxDrop { words.append("--max-drop \(Share.text(maxDrop))") }
    if let minAccuracy { words.append("--min-accuracy \(Share.text(minAccuracy))") }
    if let maxArena { words.append("--max-arena \(maxArena.rawValue)B") }
    if let maxResident { words.append("--max-resident \(maxResident.rawValue)B") }
    return words.joined(separator: " ")
  }

  private func write(_ planned: PlannedModel) throws -> Plan {
    guard shareWeights else {
      try PlanWriter.write(planned.plan, to: output, weights: planned.weightSource)
      return planned.plan
    }
    var plan = planned.plan
    plan.weights.isEmbedded = false
    let folder = output.lastIndex(of: "/").map { String(output[...$0]) } ?? "."
    plan.weights = try PlanWriter.writeWeightsFile(
      plan.weights, inFolder: folder, weights: planned.weightSource
    ).index
    try PlanWriter.write(plan, to: output)
    return plan
  }
}
