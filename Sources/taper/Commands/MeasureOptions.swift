import ArgumentParser
import TaperAuditor

/// By what answers are held against the right ones.
struct MeasureOptions: ParsableArguments {
  @Option(
    help: "What right answers are compared by: accuracy, matthews or f1 of labels, spearman of numbers.")
  var metric: AnswerMeasure.Name?
  @Option(help: "The label that --metric f1 is of (default: the second of the head's).") var positive: String?

  func validate() throws {
    guard positive == nil || metric == .f1 else {
      throw ValidationError("--positive: expected --metric f1; found \(metric?.rawValue ?? "none")")
    }
  }

  var measure: AnswerMeasure { AnswerMeasure(metric, positive: positive) }
}
