import ArgumentParser
import TaperJSON
import TaperPlanFormat
import TaperPlanner

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "The plan as a tree: tokens, kernels, bytes and predicted time by layer, and why.")

  @Argument(help: "The plan.") var plan: String
  @Flag(help: "The complete plan text instead of the tree.") var text = false
  @Flag(help: "The tree as JSON.") var json = false

  func run() throws {
    try ExitStatus.catching {
      guard !(text && json) else {
        throw CommandError.usage("--text, --json: expected one of them; found both")
      }
      let plan = try PlanFile.read(plan)
      if json { return Console.print(ExplainJSON.object(plan).serialized(pretty: true)) }
      Console.print(text ? PlanText.render(plan) : Explain.render(plan))
    }
  }
}
