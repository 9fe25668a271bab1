import ArgumentParser
import TaperPlanFormat
import TaperPlanRuntime

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Checks every digest of a plan and runs its canary examples.")

  @Argument(help: "The plan.") var plan: String

  func run() throws {
    try ExitStatus.catching {
      let loaded = try LoadedPlan(path: plan)
      try loaded.verifyWeights()
      Console.print("sections and weights: digests match (\(Format.bytes(loaded.plan.weights.byteCount)) of weights)")
      var session = try Session(loaded, threads: loaded.defaultThreads)
      var failed = 0
      for (index, canary) in loaded.plan.canaries.enumerated() {
        try session.run(ids: canary.ids.span, typeIDs: canary.typeIDs.span)
        let result = session.result
        var difference: Float = 0
        for element in result.indices { difference = max(difference, abs(result[element] - canary.expected[element])) }
        let passes = difference <= canary.tolerance
        failed += passes ? 0 : 1
        Console.print(
          "canary \(index + 1): \(canary.ids.count) tokens, largest difference \(difference) "
            + "(at most \(canary.tolerance)) \(passes ? "ok" : "FAILED")")
      }
      if failed > 0 {
        Console.note("error: \(failed) of \(loaded.plan.canaries.count) canary examples differ; do not deploy this plan here")
        throw ExitCode(ExitStatus.findings.rawValue)
      }
    }
  }
}
