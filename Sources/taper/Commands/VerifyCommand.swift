import ArgumentParser
import TaperBase
import TaperPlanFormat
import TaperPlanRuntime
import TaperReportRendering

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Checks every digest of a plan and runs its canary examples.")

  @Argument(help: "The plan.") var plan: String
  @OptionGroup var loading: LoadOptions
  @Flag(help: "The findings as JSON.") var json = false

  func run() throws {
    try ExitStatus.catching {
      let loaded = try loading.load(plan)
      try loaded.verifyWeights()
      var session = try Session(loaded, threads: loaded.defaultThreads)
      let plan = loaded.plan
      var failed = 0
      let canaries = try plan.canaries.map { canary -> ReportValue in
        let difference = try session.difference(from: canary)
        let passes = difference <= canary.tolerance
        failed += passes ? 0 : 1
        let words =
          "\(canary.ids.count) tokens, largest difference \(difference) (at most \(canary.tolerance)) "
          + (passes ? "ok" : "FAILED")
        return .shown(
          words,
          .record([
            "tokens": .integer(canary.ids.count), "largest_difference": .number(Double(difference)),
            "tolerance": .number(Double(canary.tolerance)), "passes": .flag(passes),
          ]))
      }
      let report = Report("verify", of: plan.identity.modelName) {
        ReportNode.data("accuracy", ReportValue(plan.evidence) { $0.value })
        ReportNode.data("weights_bytes", .bytes(plan.weights.byteCount))
        ReportNode.data("canaries", .list(canaries))
        ReportNode.data("failed", .integer(failed))
        let size = NumberText.size(plan.weights.byteCount)
        ReportNode.paragraph("sections and weights: digests match (\(size) of weights)", .plain)
        for (number, canary) in canaries.enumerated() {
          ReportNode.paragraph("canary \(number + 1): \(canary.text)", .plain)
        }
        if let evidence = plan.evidence {
          ReportNode.paragraph("expected: " + EvidenceText.line(evidence, head: plan.head.kind), .plain)
        }
      }
      try Console.print(report, json: json)
      if failed > 0 {
        Console.note(
          "error: \(failed) of \(canaries.count) canary examples differ; do not deploy this plan here"
        )
        throw ExitCode(ExitStatus.findings.rawValue)
      }
    }
  }
}
