import ArgumentParser
import TaperCostModel
import TaperDeviceProfile
import TaperPlanFormat
import TaperPlanner
import TaperReportRendering

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "The plan as a tree: tokens, kernels, bytes and predicted time by layer, and why.")

  @Argument(help: "The plan.") var plan: String
  @Option(
    help:
      "A device profile: adds what bounds each layer there, and what each change to it would save."
  )
  var device: String?
  @Flag(help: "The complete plan text instead of the tree.") var text = false
  @Flag(help: "The tree as JSON.") var json = false

  func run() throws {
    try ExitStatus.catching {
      guard !(text && json) else {
        throw CommandError.usage("--text, --json: expected one of them; found both")
      }
      let plan = try PlanFile.read(plan)
      guard !text || device == nil else {
        throw CommandError.usage("--text: expected no --device, whose limits belong to the tree; found both")
      }
      let limits = try device.map { try self.limits(of: plan, device: $0) }
      if text { return try Console.print(PlanText.render(plan)) }
      try Console.print(Report(explaining: plan, limits: limits), json: json)
    }
  }

  private func limits(of plan: Plan, device path: String) throws -> Limits {
    let profile = try Inputs.deviceProfile(path)
    let threads = Int(plan.identity.threads)
    let others = try profile.threadCounts.filter { $0 != threads }.map {
      try CostModel(profile: profile, threads: $0)
    }
    return Limits(plan, cost: try CostModel(profile: profile, threads: threads), others: others)
  }
}
