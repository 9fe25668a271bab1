import ArgumentParser
import Glibc
import TaperPlanRuntime
import TaperServing

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Runs a plan on texts: JSON lines in, JSON lines out.")

  @Argument(help: "The plan.") var plan: String
  @Option(help: "The input file; - for standard input.") var input = "-"
  @Option(help: "Only the best K labels.") var topK: Int?
  @Option(help: "Workers; at most the plan's.") var threads: Int?
  @Flag(help: "Every line is a text as it stands, not JSON.") var plain = false
  @Flag(help: "Accepted for uniformity; the output is always JSON lines.") var json = false

  func run() throws {
    try ExitStatus.catching {
      if let topK, topK < 1 { throw CommandError.usage("--top-k: expected at least 1; found \(topK)") }
      var descriptor = STDIN_FILENO
      if input != "-" {
        descriptor = unsafe open(input, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
          throw CommandError.unreadable(path: input, reason: unsafe String(cString: strerror(errno)))
        }
      }
      defer { if descriptor != STDIN_FILENO { close(descriptor) } }
      var runner = try TextRunner(LoadedPlan(path: plan), threads: threads, topK: topK)
      try runner.answerLines(from: descriptor, to: STDOUT_FILENO, plain: plain)
    }
  }
}
