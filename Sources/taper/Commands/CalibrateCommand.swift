import ArgumentParser
import TaperBase
import TaperCalibration
import TaperModelSpec
import TaperPlanFormat
import TaperReportRendering
import TaperWorkflow

struct CalibrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract: "Runs the dense model on texts and records which tokens matter, layer by layer.")

  @Argument(help: "The model directory, or a graph: .onnx or OpenVINO's .xml.") var model: String
  @OptionGroup var texts: TextOptions
  @OptionGroup var prompts: PromptOptions
  @Option(name: .shortAndLong, help: "The calibration to write (a directory).") var output: String
  @Option(Count.self, help: "Longest text in tokens, specials included (default: the model's longest).")
  var maxLength: Int?
  @Option(Count.self, help: "Texts to use, drawn at random with a fixed seed (default: 512).")
  var limit: Int = 512
  @Option(help: "Seed of the draw.") var seed: UInt64 = 1
  @Option(Count.self, help: "Workers (default: the machine's CPUs).")
  var threads: Int?
  @Flag(help: "The summary as JSON.") var json = false

  func run() throws {
    try ExitStatus.catching {
      try Outputs.check(folders: [output])
      let work = try EncoderWork(
        model: model, prompts: prompts, texts: texts, limit: limit, seed: seed, maxLength: maxLength,
        threads: threads)
      var bar = ProgressBar()
      let dataset = work.dataset
      let calibration = try work.bench.calibrate(
        work.samples, labels: dataset.labels, dataDigest: dataset.digest, badRowCount: dataset.badRowCount
      ) { bar.update(Double($0) / Double($1), "calibrating, text \($0) of \($1)") }
      bar.finish()
      try calibration.save(directory: output)
      try Console.print(report(calibration, maximumLength: work.maximumLength), json: json)
    }
  }

  private func report(_ calibration: Calibration, maximumLength: Int) -> Report {
    let selectors = Array(zip(calibration.selectors?.layers ?? [], calibration.selectors?.shares ?? []))
    let layers = zip(calibration.contextContributions, calibration.eliminationProfile)
    return Report("calibrate", of: model) {
      ReportNode.data("calibration", output)
      ReportNode.data("texts", .integer(calibration.textCount))
      ReportNode.data("skipped_rows", .integer(calibration.badRowCount))
      ReportNode.data("tokens", .integer(calibration.tokenCount))
      ReportNode.data("truncated", .integer(calibration.truncatedCount))
      ReportNode.data("context_contributions", .list(calibration.contextContributions.map { .number($0) }))
      ReportNode.data("elimination_profile", .list(calibration.eliminationProfile.map { .number($0) }))
      ReportNode.data("digest", calibration.digest.hex)
      ReportTable(
        [.init("layer", .left), .init("context contribution"), .init("share kept, k")], style: .ruled,
        rows: layers.enumerated().map { layer, figures in
          .init([.integer(layer + 1), .number(figures.0, decimals: 3), .number(figures.1, decimals: 3)])
        })
      ReportNode.data(
        "selectors",
        .list(selectors.map { .record(["layer": .integer($0), "kept_share": .share(Double($1))]) }))
      for (layer, share) in selectors {
        ReportNode.paragraph(
          "the selector after layer \(layer) keeps \(NumberText.percent(share)) of all tokens", .plain)
      }
      ReportNode.paragraph(
        "\(calibration.textCount) texts, \(calibration.tokenCount) tokens, \(calibration.truncatedCount) cut to "
          + "\(maximumLength) tokens, \(calibration.badRowCount) rows skipped → \(output)", .plain)
    }
  }
}
