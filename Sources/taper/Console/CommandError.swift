/// What is wrong with a command's arguments or files, beyond what its parser sees.
enum CommandError: Error, CustomStringConvertible {
  case unwritable(path: String, reason: String)
  case unreadable(path: String, reason: String)
  case usage(String)
  case unrecognised(path: String)

  var description: String {
    switch self {
    case .unwritable(let path, let reason): "\(path): expected to write it; found: \(reason)"
    case .unreadable(let path, let reason): "\(path): expected to read it; found: \(reason)"
    case .usage(let message): message
    case .unrecognised(let path):
      "\(path): expected a model directory, a plan, a device profile or a calibration; found none of them"
    }
  }
}
