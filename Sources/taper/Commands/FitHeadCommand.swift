import ArgumentParser
import TaperAuditor
import TaperBase
import TaperCalibration
import TaperHeadFitting
import TaperModelSpec
import TaperPlanFormat
import TaperReportRendering
import TaperWorkflow

struct FitHeadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fit-head",
    abstract: "Fits a linear head on the frozen encoder: a classifier without PyTorch.",
    discussion: """
      Labels that are words, or few distinct whole numbers, give a logistic head; other numbers a ridge regression. \
      The regularisation strength is chosen on held-out texts. The result is a model directory.
      """)

  @Argument(help: "The model directory, or a graph: .onnx or OpenVINO's .xml.") var model: String
  @OptionGroup var texts: TextOptions
  @OptionGroup var prompts: PromptOptions
  @OptionGroup var measuring: MeasureOptions
  @Option(name: .shortAndLong, help: "The model directory to write.") var output: String
  @Option(Count.self, help: "Longest text in tokens, specials included (default: the model's longest).")
  var maxLength: Int?
  @Option(Count.self, help: "Use at most so many texts, drawn at random with a fixed seed (default: all).")
  var limit: Int?
  @Option(help: "Seed of the draw.") var seed: UInt64 = 1
  @Option(Count.self, help: "Workers (default: the machine's CPUs).")
  var threads: Int?
  @Flag(help: "The summary as JSON.") var json = false

  func run() throws {
    try ExitStatus.catching {
      try Outputs.check(folders: [output])
      BLASCoreWarning.show()
      let work = try EncoderWork(
        model: model, prompts: prompts, texts: texts, limit: limit, seed: seed, maxLength: maxLength,
        threads: threads,
        fitsHead: true)
      let targets = try HeadTargets(of: work.samples, like: work.spec.head.textLabels)
      let measure = measuring.measure
      try measure.check(targets.kind, labels: targets.labels)
      var bar = ProgressBar()
      let features = try work.bench.features(work.samples) {
        bar.update(Double($0) / Double($1), "features of text \($0) of \($1)")
      }
      bar.finish()
      let head = try targets.fit(features: features, width: work.spec.head.featureWidth)
      try ModelDirectoryWriter.write(
        base: work.spec, kind: targets.kind, weight: head.weight, bias: head.bias, labels: targets.labels,
        data: work.dataset.digest, to: output)
      let figures = [AnswerMeasure.natural, measure].compactMap {
        HeldOutFigure(head.report, of: targets, by: $0)
      }
      try Console.print(report(head, figures), json: json)
    }
  }

  /// - Parameter figures: the natural one, then the one asked for.
  private func report(_ head: LinearHead, _ figures: [HeldOutFigure]) -> Report {
    Report("fit-head", of: model) {
      ReportNode.data("model", output)
      ReportNode.data("examples", .integer(head.report.examples))
      ReportNode.data("labels", .texts(head.labels))
      ReportNode.data("strength", .number(head.report.strength))
      for (place, figure) in figures.enumerated() where place == 0 || figure != figures[0] {
        ReportNode.data(figure.metric.name, .number(figure.value))
        if let positive = figure.positive { ReportNode.data("positive", positive) }
      }
      ReportNode.paragraph(HeadSummary.text(head, figures.last), .plain)
      ReportNode.paragraph("→ \(output)", .plain)
    }
  }
}

/// A fitted head in a line, for the terminal.
enum HeadSummary {
  /// - Parameter figure: what the head is measured by; nil when nothing was held out.
  static func text(_ head: LinearHead, _ figure: HeldOutFigure?) -> String {
    let report = head.report
    let labels = head.labels.isEmpty ? "a number" : "\(head.labels.count) labels"
    return "head fitted on \(report.examples) texts, \(labels), strength \(report.strength): "
      + (figure.map { validation(report.validation, $0) } ?? "nothing held out")
  }

  private static func validation(_ validation: FitReport.Validation, _ figure: HeldOutFigure) -> String {
    let isShare = figure.metric == .accuracy || figure.metric == .f1
    func number(_ value: Double, _ decimals: Int) -> String {
      isShare ? NumberText.percent(value, decimals) : NumberText.fixed(value, 3)
    }
    let name =
      figure.metric == .determination ? "R²" : EvidenceText.name(figure.metric, positive: figure.positive)
    let interval = figure.interval.map { "95% interval \(number($0.low, 1)) to \(number($0.high, 1))" }
    var others: [String] = []
    switch validation {
    case .none: break
    case .classification(let right, _):
      if figure.metric != .accuracy {
        others.append("accuracy \(NumberText.percent(Double(right) / Double(figure.count), 2))")
      }
    case .regression(let rSquared, let pearson):
      if figure.metric != .determination { others.append("R² \(NumberText.fixed(rSquared, 3))") }
      others.append("Pearson \(NumberText.fixed(pearson, 3))")
    }
    let texts = "\(figure.count) texts"
    return "held-out \(name) \(number(figure.value, 2))"
      + (interval.map { " (\($0), \(texts))" } ?? "") + others.map { ", " + $0 }.joined()
      + (interval == nil ? ", " + texts : "")
  }
}
