import Glibc
import TaperBase
import TaperJSON

/// What is wrong with a command's arguments or files, beyond what its parser sees.
enum CommandError: Error, CustomStringConvertible {
  case unreadable(path: String, reason: String)
  case missing(path: String, isDirectory: Bool, expected: String, remedy: String)
  case wrongKind(path: String, expected: String, found: String, remedy: String)
  /// A file that should be JSON.
  case malformed(path: String, JSONError)
  case usage(String)
  /// To standard output.
  case cannotWrite(errno: Int32)
  case unrecognised(path: String)

  /// With what errno says.
  static func unreadable(path: String) -> CommandError {
    .unreadable(path: path, reason: SystemCall.text(errno))
  }

  var description: String {
    switch self {
    case .unreadable(let path, let reason): "\(path): expected to read it; found: \(reason)"
    case .missing(let path, let isDirectory, let expected, let remedy):
      "no such \(isDirectory ? "directory" : "file"): \(path); expected \(expected); \(remedy)"
    case .wrongKind(let path, let expected, let found, let remedy):
      "\(path): expected \(expected); found \(found); \(remedy)"
    case .malformed(let path, let error): "\(path): \(error)"
    case .usage(let message): message
    case .cannotWrite(let code):
      "cannot write the output: \(SystemCall.text(code)); what was written is not whole"
    case .unrecognised(let path):
      "\(path): expected a model directory, a plan, a device profile or a calibration; found none of them"
    }
  }
}
