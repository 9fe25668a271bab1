import ArgumentParser
import TaperJSON
import TaperPlanFormat
import TaperPlanRuntime

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
      say(
        "sections and weights: digests match (\(NumberText.size(loaded.plan.weights.byteCount)) of weights)")
      var session = try Session(loaded, threads: loaded.defaultThreads)
      var failed = 0
      var canaries: [JSONValue] = []
      for (index, canary) in loaded.plan.canaries.enumerated() {
        let difference = try session.difference(from: canary)
        let passes = difference <= canary.tolerance
        failed += passes ? 0 : 1
        canaries.append([
          "tokens": JSONValue(canary.ids.count), "largest_difference": .number(Double(difference)),
          "tolerance": .number(Double(canary.tolerance)), "passes": JSONValue(passes),
        ])
        say(
          "canary \(index + 1): \(canary.ids.count) tokens, largest difference \(difference) "
            + "(at most \(canary.tolerance)) \(passes ? "ok" : "FAILED")")
      }
      if let evidence = loaded.plan.evidence {
        say("expected: " + EvidenceText.line(evidence, head: loaded.plan.head.kind))
      }
      if json {
        let object: JSONValue = [
          "schema_version": 1,
          "accuracy": EvidenceSummary.json(loaded.plan.evidence),
          "weights_bytes": .integer(Int64(clamping: loaded.plan.weights.byteCount.rawValue)),
          "canaries": .array(canaries), "failed": JSONValue(failed),
        ]
        Console.print(object.serialized(pretty: true))
      }
      if failed > 0 {
        Console.note(
          "error: \(failed) of \(loaded.plan.canaries.count) canary examples differ; do not deploy this plan here"
        )
        throw ExitCode(ExitStatus.findings.rawValue)
      }
    }
  }

  /// A line for people.
  private func say(_ line: String) {
    if !json { Console.print(line) }
  }
}
