import ArgumentParser
import TaperCalibration
import TaperJSON
import TaperModelSpec
import TaperPlanFormat
import TaperWorkflow

struct CalibrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract: "Runs the dense model on texts and records which tokens matter, layer by layer.")

  @Argument(help: "The model directory.") var model: String
  @OptionGroup var texts: TextOptions
  @Option(name: .shortAndLong, help: "The calibration to write (a directory).") var output: String
  @Option(Count.self, help: "Longest text in tokens, specials included; the model's own when absent.")
  var maxLength: Int?
  @Option(Count.self, help: "Texts to use, drawn evenly from the file with a fixed seed (default: 512).")
  var limit: Int = 512
  @Option(help: "Seed of the draw.") var seed: UInt64 = 1
  @Option(Count.self, help: "Workers; the machine's CPUs when absent.")
  var threads: Int?
  @Flag(help: "The summary as JSON.") var json = false

  func run() throws {
    try ExitStatus.catching {
      let work = try EncoderWork(
        model: model, texts: texts, limit: limit, seed: seed, maxLength: maxLength, threads: threads)
      var bar = ProgressBar()
      let dataset = work.dataset
      let calibration = try work.bench.calibrate(
        work.samples, labels: dataset.labels, dataDigest: dataset.digest, badRowCount: dataset.badRowCount
      ) { bar.update(Double($0) / Double($1), "calibrating, text \($0) of \($1)") }
      bar.finish()
      try calibration.save(directory: output)
      show(calibration, maximumLength: work.maximumLength)
    }
  }

  private func show(_ calibration: Calibration, maximumLength: Int) {
    if json {
      let object: JSONValue = [
        "schema_version": 1, "calibration": .string(output), "texts": JSONValue(calibration.textCount),
        "skipped_rows": JSONValue(calibration.badRowCount), "tokens": JSONValue(calibration.tokenCount),
        "truncated": JSONValue(calibration.truncatedCount),
        "context_contributions": .array(calibration.contextContributions.map { .number($0) }),
        "elimination_profile": .array(calibration.eliminationProfile.map { .number($0) }),
        "digest": .string(calibration.digest.hex),
        "selectors": .array(
          zip(calibration.selectors?.layers ?? [], calibration.selectors?.shares ?? []).map {
            ["layer": JSONValue($0), "kept_share": .number($1)]
          }),
      ]
      return Console.print(object.serialized(pretty: true))
    }
    var table = Table(header: ["layer", "ACC", "profile k"])
    for (layer, (contribution, retention)) in zip(
      calibration.contextContributions, calibration.eliminationProfile
    ).enumerated() {
      table.rows.append(["\(layer + 1)", NumberText.fixed(contribution, 3), NumberText.fixed(retention, 3)])
    }
    Console.print(table.rendered())
    for (layer, share) in zip(calibration.selectors?.layers ?? [], calibration.selectors?.shares ?? []) {
      Console.print("the selector after layer \(layer) keeps \(NumberText.percent(share)) of all tokens")
    }
    Console.print(
      "\(calibration.textCount) texts, \(calibration.tokenCount) tokens, \(calibration.truncatedCount) cut to "
        + "\(maximumLength) tokens, \(calibration.badRowCount) rows skipped → \(output)"
    )
  }
}
