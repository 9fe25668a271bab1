public import TaperPlanRuntime

/// Why an audit was refused.
public enum AuditError: Error, Hashable, Sendable {
  case runtime(RuntimeError)
  /// A sample that the plan cannot run; `index` is the caller's number of it.
  case sample(index: Int, RuntimeError)
  case noSamples
  case noLengths
  case lengthOutOfRange(tokens: Int, maximum: Int)
  /// The plan holds no predictions to audit.
  case noPredictions
  case noMemoryToProbe
  case badNumber(what: String, expected: String, found: String)
}
