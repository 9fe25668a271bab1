import TaperAuditor
import TaperCalibration
import TaperCostModel
import TaperDeviceProfile
import TaperPlanner
import TaperWorkflow

/// What the command line says of an error: what was expected, what was found, what to do. Libraries whose errors are
/// facts only are worded in this folder, a file each; the others word their own.
enum ErrorText {
  static func of(_ error: any Error) -> String {
    switch error {
    case let error as PlanningError: error.words
    case let error as WorkflowError: error.words
    case let error as GoalConflict: error.words
    case let error as CalibrationError: error.words
    case let error as DatasetError: error.words
    case let error as DeviceProfileError: error.words
    case let error as CostModelError: error.words
    case let error as AuditError: error.words
    default: "\(error)"
    }
  }

  /// "1, 2, 3"
  static func list(_ numbers: [Int]) -> String { numbers.map(String.init).joined(separator: ", ") }
}
