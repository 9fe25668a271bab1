import TaperBase
import TaperPlanFormat

/// Why a plan's answers cannot be held beside another's.
enum ReferenceMismatch {
  /// - Throws: usage, when `reference` does not read every text that `plan` reads, as the same tokens, or does not
  ///   answer in the same terms.
  /// - Parameter option: how the command was given the reference.
  static func check(_ reference: Plan, against plan: Plan, option: String = "--reference") throws {
    func require(_ holds: Bool, _ expected: String, _ found: String) throws {
      guard !holds else { return }
      throw CommandError.usage(
        "\(option): expected a plan of the same model and task, with \(expected); found \(found)")
    }
    let (length, longest) = (plan.schedule.maximumLength, reference.schedule.maximumLength)
    try require(longest >= length, "inputs of at least \(length) tokens", "at most \(longest)")
    try require(
      reference.identity.tokenizerDigest == plan.identity.tokenizerDigest,
      "the tokenizer \(plan.identity.tokenizerDigest.shortHex)",
      "the tokenizer \(reference.identity.tokenizerDigest.shortHex)")
    let (head, other) = (plan.head, reference.head)
    try require(other.kind == head.kind, "answers of kind \(head.kind)", "\(other.kind)")
    try require(
      other.outputWidth == head.outputWidth, "\(head.outputWidth) outputs", "\(other.outputWidth)")
    try require(
      other.labels == head.labels, "the same labels in the same order: \(list(head.labels))",
      list(other.labels))
  }

  private static func list(_ labels: [String]) -> String { labels.joined(separator: ", ") }
}
