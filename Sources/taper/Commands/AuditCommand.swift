import ArgumentParser
import TaperAuditor
import TaperBase
import TaperCalibration
import TaperCostModel
import TaperDeviceProfile
import TaperPlanFormat
import TaperPlanRuntime
import TaperPlanner
import TaperProfiler
import TaperReportRendering
import TaperWorkflow

struct AuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Runs a plan on texts and compares measured times with those the plan predicts.",
    discussion:
      """
      Exit 1 when a prediction is off by more than the tolerance or a deadline of the plan's request is missed, 69 when \
      the machine is too noisy to judge.
      """
  )

  @Argument(help: "The plan.") var plan: String
  @OptionGroup var texts: TextOptions
  @OptionGroup var measuring: MeasureOptions
  @Option(help: "A dense plan of the same model, to compare answers with.") var reference: String?
  @Option(Lengths.self, help: "Input lengths to time: 16,64,256; the plan's reference lengths when absent.")
  var lengths: [Int]?
  @Option(Count.self, help: "Timed runs at each length (default: 100).")
  var runs = 100
  @Option(Share.self, help: "Largest residual that still counts as within (default: 5%).")
  var tolerance: Double?
  @Option(Count.self, help: "Texts to use at most, drawn evenly with a fixed seed; all when absent.")
  var limit: Int?
  @Option(Count.self, help: "Workers; at most the plan's.")
  var threads: Int?
  @Option(help: "A profile of this machine: the roofs of the report's roofline.") var device: String?
  @Option(help: "Write the report as one HTML file.") var html: String?
  @Option(help: "Write the verdict as JUnit XML, for CI.") var junit: String?
  @Flag(help: "The report as JSON.") var json = false

  func run() throws {
    try ExitStatus.catching {
      try Outputs.check(files: [html, junit])
      let loaded = try Inputs.plan(plan)
      let dataset = try Inputs.texts(texts, limit: limit)
      let watch = QuotaWatch()
      defer { watch.report() }
      var bar = ProgressBar()
      let measure = try measure(loaded.plan)
      let samples = try samples(dataset, loaded.plan, measure, &bar)
      if let name = measuring.metric, samples.allSatisfy({ $0.label == nil && $0.value == nil }) {
        throw WorkflowError.metricNeedsLabels(name)
      }
      let deadlines = Self.deadlines(of: loaded.plan)
      let request = AuditRequest(
        samples: samples, by: measure,
        lengths: lengths
          ?? Set(loaded.plan.predictions.referenceLengths.map(Int.init) + deadlines.map(\.tokens)).sorted(),
        deadlines: deadlines, runs: runs,
        tolerance: tolerance ?? 0.05, threads: threads,
        environment: Fingerprint.current().environmentFacts, roof: try roof(loaded))
      // With --reference, the dense plan's answers take the first half of the progress bar.
      let start = reference == nil ? 0 : 0.5
      let audit = try Auditor.audit(loaded, request) { bar.update(start + (1 - start) * $0, "auditing") }
      bar.finish()
      let report = Report(audit)
      if let html { try WholeFile.write(HTMLRenderer.render(report), to: html) }
      if let junit { try WholeFile.write(JUnitRenderer.render(report), to: junit) }
      try Console.print(report, json: json)
      if let html { Console.note("report: \(html)") }
      switch audit.verdict {
      case .within where audit.deadlines.allSatisfy(\.isMet): break
      case .within, .outside: throw ExitCode(ExitStatus.findings.rawValue)
      case .noisy: throw ExitCode(ExitStatus.tooNoisy.rawValue)
      }
    }
  }

  /// What was asked for, or else what the plan states.
  private func measure(_ plan: Plan) throws -> AnswerMeasure {
    guard measuring.metric != nil else { return AnswerMeasure(of: plan.evidence) }
    try measuring.measure.check(plan.head.kind, labels: plan.head.labels, readsPairs: true)
    return measuring.measure
  }

  /// Those that the plan's request set, each at the longest input it holds for.
  private static func deadlines(of plan: Plan) -> [AskedDeadline] {
    guard let request = CompileRequest(text: plan.identity.request),
      case .reach(.times(let limits)) = request.goal.target
    else { return [] }
    return limits.steps.filter { $0.time > .zero }.map { step in
      AskedDeadline(
        tokens: min(step.maximumLength, plan.schedule.maximumLength), percentile: limits.percentile,
        time: step.time)
    }
  }

  /// The machine's peak rates at the audit's number of threads, from the profile.
  private func roof(_ loaded: LoadedPlan) throws -> MachineRoof? {
    guard let device else { return nil }
    let profile = try Inputs.deviceProfile(device)
    let threads = threads ?? loaded.defaultThreads
    guard let figures = profile.figures(threads: threads) else {
      throw CostModelError.threadsNotMeasured(wanted: threads, measured: profile.threadCounts)
    }
    return MachineRoof(compute: Double(figures.computePeak), bandwidth: Double(figures.bandwidth))
  }

  /// The texts as the plan tokenizes them, with the dense plan's answers where one was given.
  private func samples(
    _ dataset: TextDataset, _ plan: Plan, _ measure: AnswerMeasure, _ bar: inout ProgressBar
  ) throws -> [AuditSample] {
    var samples = try AuditSample.tokenized(dataset.rows, for: plan, by: measure)
    guard let reference else { return samples }
    let dense = try Inputs.plan(reference)
    try ReferenceMismatch.check(dense.plan, against: plan)
    let answers = try PlanExecution(dense).results(of: samples) {
      bar.update(0.5 * Double($0) / Double($1), "the dense plan's answers, text \($0) of \($1)")
    }
    for index in samples.indices { samples[index].reference = answers[index] }
    return samples
  }
}

extension Fingerprint {
  /// The fingerprint as an audit report shows it.
  var environmentFacts: [EnvironmentFact] {
    [
      EnvironmentFact("cpu", cpu), EnvironmentFact("cores", "\(cores)"), EnvironmentFact("tier", tier),
      EnvironmentFact("features", features.joined(separator: " ")), EnvironmentFact("blas core", blasCore),
      EnvironmentFact("blas", blasConfiguration), EnvironmentFact("system", system),
      EnvironmentFact(
        "variables",
        environment.isEmpty ? "none set" : environment.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
      ),
    ]
  }
}
