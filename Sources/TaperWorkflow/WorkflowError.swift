internal import TaperAuditor
internal import TaperBase
internal import TaperPlanFormat

/// Why the workflow stopped although every module did its part.
public enum WorkflowError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The plan loses more than was allowed; nothing was written.
  case accuracyGateFailed(AccuracyComparison, allowed: Double)
  /// The accuracy that the texts prove is below the floor; nothing was written.
  case accuracyFloorMissed(AccuracyComparison, floor: Double)
  /// No precision meets every wish.
  case noPrecisionFits([PlanCandidate])
  case labelsMissing(line: Int)
  /// Some labels are words, some numbers.
  case labelsMixed
  case gateNeedsEvidence
  case precisionNeedsCalibration
  case searchNeedsTexts
  case cacheUnwritable(path: String)
  /// A file that holds something else than trials of a search.
  case cacheForeign(path: String)

  public var description: String {
    switch self {
    case .accuracyGateFailed(let accuracy, let allowed):
      """
      accuracy gate: expected at most \(points(allowed)) points of \(accuracy.metric.rawValue) lost; found \
      \(points(accuracy.drop)) (\(points(accuracy.dense)) dense, \(points(accuracy.planned)) planned, on \
      \(accuracy.count) texts); ask for less speed, refit the head with --refit-head, or allow more with --max-drop
      """
    case .accuracyFloorMissed(let accuracy, let floor):
      """
      accuracy floor: expected \(accuracy.metric.rawValue) of at least \(points(floor)); found \(points(accuracy.planned))\(
        interval(accuracy)) on \(accuracy.count) texts (\(points(accuracy.dense)) dense); ask for less speed, refit the head \
      with --refit-head, measure on more texts (the interval narrows), or lower --min-accuracy
      """
    case .noPrecisionFits(let candidates):
      "--precision auto: expected a precision that meets every wish; found none: "
        + candidates.map { "\($0.name): \($0.explanation)" }.joined(separator: "; ")
        + "; allow more memory, more time or a larger --max-drop"
    case .labelsMissing(let line):
      "line \(line): expected a label; found none; a head is fitted on labelled texts only"
    case .labelsMixed: "labels: expected all words or all numbers; found both; correct the file"
    case .searchNeedsTexts:
      "method search: expected texts to measure candidates on; found none; give --refit-head or --calibration"
    case .cacheUnwritable(let path):
      "\(path): expected a file that lines can be added to; found none; choose another --search-cache"
    case .cacheForeign(let path):
      "\(path): expected trials of a search, or a new file; found something else; choose another --search-cache"
    case .precisionNeedsCalibration:
      "--precision auto: expected calibration texts to measure on; found none; give --calibration"
    case .gateNeedsEvidence:
      "--max-drop, --min-accuracy: expected texts to measure on; found none; give --calibration or --refit-head"
    }
  }

  private func interval(_ accuracy: AccuracyComparison) -> String {
    accuracy.interval.map { ", of which \(points($0.low)) to \(points($0.high)) is proven (95%)," } ?? ""
  }

  private func points(_ share: Double) -> String { NumberText.fixed(share * 100, 2) }
}
