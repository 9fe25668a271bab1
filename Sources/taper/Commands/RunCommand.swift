import ArgumentParser
import Glibc
import TaperPlanRuntime
import TaperServing

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Runs a plan on texts: JSON lines in, JSON lines out.")

  @Argument(help: "The plan.") var plan: String
  @OptionGroup var loading: LoadOptions
  @Option(help: "The input file; - for standard input.") var input = "-"
  @Option(Count.self, help: "Only the best K labels.")
  var topK: Int?
  @Option(Count.self, help: "Workers; at most the plan's.")
  var threads: Int?
  @Option(
    Count.self, help: "Only the first so many numbers of a vector, normalised again (Matryoshka models).")
  var dimensions: Int?
  @OptionGroup var prompts: PromptOptions
  @Option(
    help: "Texts longer than the plan takes: cut at an end (default: the model's own), or answered in chunks."
  )
  var long: LongTexts.Word?
  @Option(
    WholeNumber.self, help: "Tokens that neighbouring chunks share (default: an eighth of the longest input)."
  )
  var overlap: Int?
  @Option(help: "Entities instead of tokens' labels, made as transformers makes them.")
  var aggregate: EntityAggregation?
  @Flag(help: "Run the plan's canary examples first; exit 1 when an answer differs.") var check = false
  @Option(
    help:
      "When a line cannot be answered: stop, or report an error in its place, go on, and exit 1 at the end.")
  var onError = LineErrorPolicy.stop
  @Flag(help: "Every line is a text as it stands, not JSON.") var plain = false
  @Flag(help: "Accepted for uniformity; the output is always JSON lines.") var json = false

  func run() throws {
    try ExitStatus.catching {
      var descriptor = STDIN_FILENO
      if input != "-" {
        try InputKind.texts.require(input)
        descriptor = unsafe open(input, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw CommandError.unreadable(path: input) }
      }
      defer { if descriptor != STDIN_FILENO { close(descriptor) } }
      var runner = try TextRunner(loading.load(plan), answers)
      if check { try runner.check() }
      try runner.answerLines(from: descriptor, to: STDOUT_FILENO, plain: plain, onError: onError)
    }
  }

  private var answers: AnswerOptions {
    var options = AnswerOptions()
    options.threads = threads
    options.topK = topK
    options.dimensions = dimensions
    options.prompt = prompts.choice
    if let long { options.longTexts = LongTexts(long) }
    options.overlap = overlap
    options.aggregation = aggregate
    return options
  }
}
