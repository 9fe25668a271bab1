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
      var bar = ProgressBar()
      let features = try work.bench.features(work.samples) {
        bar.update(Double($0) / Double($1), "features of text \($0) of \($1)")
      }
      bar.finish()
      let head = try targets.fit(features: features, width: work.spec.head.featureWidth)
      try ModelDirectoryWriter.write(
        base: work.spec, kind: targets.kind, weight: head.weight, bias: head.bias, labels: targets.labels,
        data: work.dataset.digest, to: output)
      try Console.print(report(head), json: json)
    }
  }

  private func report(_ head: LinearHead) -> Report {
    Report("fit-head", of: model) {
      ReportNode.data("model", output)
      ReportNode.data("examples", .integer(head.report.examples))
      ReportNode.data("labels", .texts(head.labels))
      ReportNode.data("strength", .number(head.report.strength))
      if let heldOut = head.report.heldOut {
        ReportNode.data(heldOut.metric.name, .number(heldOut.value))
      }
      ReportNode.paragraph(HeadSummary.text(head), .plain)
      ReportNode.paragraph("→ \(output)", .plain)
    }
  }
}

/// A fitted head in a line, for the terminal.
enum HeadSummary {
  static func text(_ head: LinearHead) -> String {
    let report = head.report
    let validation =
      switch report.validation {
      case .none: "nothing held out"
      case .classification(let right, _):
        "held-out accuracy \(NumberText.percent(Double(right) / Double(report.heldOutExamples), 2)) "
          + "(95% interval \(interval(.proportion(right, of: report.heldOutExamples))), \(report.heldOutExamples) texts)"
      case .regression(let rSquared, let pearson):
        """
        held-out R² \(NumberText.fixed(rSquared, 3)), Pearson \(NumberText.fixed(pearson, 3)), \
        \(report.heldOutExamples) texts
        """
      }
    let labels = head.labels.isEmpty ? "a number" : "\(head.labels.count) labels"
    return "head fitted on \(report.examples) texts, \(labels), strength \(report.strength): \(validation)"
  }

  private static func interval(_ interval: ConfidenceInterval) -> String {
    "\(NumberText.percent(interval.low, 1)) to \(NumberText.percent(interval.high, 1))"
  }
}
