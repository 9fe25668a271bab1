import ArgumentParser
import TaperPlanFormat
import TaperPlanner

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "The plan as a tree: tokens, kernels, bytes and predicted time by layer, and why.")

  @Argument(help: "The plan.") var plan: String
  @Flag(help: "The complete plan text instead of the tree.") var text = false

  func run() throws {
    try ExitStatus.catching {
      let plan = try PlanFile.read(plan)
      Console.print(text ? PlanText.render(plan) : Explain.render(plan))
    }
  }
}
