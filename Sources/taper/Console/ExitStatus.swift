import ArgumentParser
import TaperAuditor
import TaperBase
import TaperCostModel
import TaperDeviceProfile
import TaperModelImport
import TaperPlanFormat
import TaperPlanRuntime
import TaperPlanner
import TaperProfiler
import TaperServing
import TaperWorkflow

/// The documented exit codes.
enum ExitStatus: Int32 {
  case ok = 0
  case findings = 1
  case infeasible = 2
  case accuracyGateFailed = 3
  case doesNotFitDevice = 4
  case usage = 64
  case badData = 65
  case tooNoisy = 69
  case bug = 70

  /// Runs a command's body; a thrown error is shown on standard error and becomes its exit code.
  static func catching(_ body: () throws -> Void) throws {
    defer { ImportedModel.removeAll() }
    do {
      try KernelTier.checkCap()
      try body()
    } catch let status as ExitCode {
      throw status
    } catch {
      Console.note("error: \(ErrorText.of(error))")
      throw ExitCode(code(for: error).rawValue)
    }
  }

  private static func code(for error: any Error) -> ExitStatus {
    switch error {
    case let error as PlanningError: code(for: error)
    case let error as RuntimeError: ExitStatus(rawValue: error.exitCode) ?? .badData
    case let error as ServingError: ExitStatus(rawValue: error.exitCode) ?? .badData
    case let error as WorkflowError: code(for: error)
    case let error as ProfilerError: code(for: error)
    case let error as AuditError: code(for: error)
    case is GoalConflict: .usage
    case is CostModelError: .usage
    case let error as FileError: code(for: error)
    case ImportError.file(let error): code(for: error)
    // An output that is no file; an input of these kinds is never refused for that.
    case PlanFormatError.file(.notRegularFile), DeviceProfileError.file(.notRegularFile): .usage
    case CommandError.usage, CommandError.cannotWrite, CommandError.unreadable, CommandError.missing,
      CommandError.wrongKind:
      .usage
    // Everything else is about the content of a file: a checkpoint, texts, a plan, a profile, a calibration.
    default: .badData
    }
  }

  private static func code(for error: FileError) -> ExitStatus {
    switch error {
    case .system(_, .open, _), .system(_, .examine, _), .system(_, .read, _), .system(_, .map, _),
      .notRegularFile:
      .usage
    case .system, .tooLarge: .badData
    }
  }

  private static func code(for error: PlanningError) -> ExitStatus {
    switch error {
    case .infeasible, .memoryExceeded, .lengthNotCovered: .infeasible
    case .lengthOutOfRange, .threadsOutOfRange, .deadlineMissing, .averageNeedsCalibration, .targetOutOfRange,
      .depthOutOfRange, .calibrationMissing, .wordsNotCalibrated,
      .scheduleMismatch, .wordRowsKeepEveryToken, .wordRowsNotRounded, .wordRowsNeedPooling,
      .wordRowsNeedHead:
      .usage
    default: .badData
    }
  }

  private static func code(for error: WorkflowError) -> ExitStatus {
    switch error {
    case .accuracyGateFailed, .accuracyFloorMissed: .accuracyGateFailed
    case .noPrecisionFits: .infeasible
    case .gateNeedsEvidence, .promptLeftOut, .precisionNeedsCalibration, .searchNeedsTexts, .cacheForeign,
      .keepCountsTooLong, .lensNeedsMean, .wordsNeedVector, .metricUnfit, .positiveUnknown,
      .metricNeedsLabels:
      .usage
    default: .badData
    }
  }

  private static func code(for error: ProfilerError) -> ExitStatus {
    switch error {
    case .tooNoisy: .tooNoisy
    case .threadsUnavailable, .nothingToMeasure, .invalidRequest: .usage
    default: .badData
    }
  }

  private static func code(for error: AuditError) -> ExitStatus {
    switch error {
    case .runtime(let error), .sample(_, let error): ExitStatus(rawValue: error.exitCode) ?? .badData
    case .noLengths, .lengthOutOfRange, .badNumber: .usage
    case .noSamples, .noPredictions, .noMemoryToProbe: .badData
    }
  }
}
