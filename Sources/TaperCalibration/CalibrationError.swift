public import TaperBase
public import TaperJSON
public import TaperModelSpec

/// Why a calibration is refused, or cannot be read or written.
public enum CalibrationError: Error, Hashable, Sendable, CustomStringConvertible {
  case file(FileError)
  case notJSON(path: String, JSONError)
  case notSafetensors(path: String, SafetensorsDefect)
  case version(path: String, found: Int, supported: Int)
  /// A member of calibration.json or a tensor of reference.safetensors is missing or invalid.
  case malformed(path: String, part: String, expected: String, found: String)
  /// The two files do not belong together, or one was changed.
  case digestMismatch(path: String, expected: String, found: String)
  /// The output directory holds something else.
  case wouldOverwrite(path: String)
  /// A text given to the builder is invalid.
  case sample(index: Int, expected: String, found: String)
  case noSamples

  public var description: String {
    switch self {
    case .file(let error): error.description
    case .notJSON(let path, let error):
      "\(path): \(error); write it again with taper calibrate"
    case .notSafetensors(let path, let defect):
      "\(path): \(defect); write it again with taper calibrate"
    case .version(let path, let found, let supported):
      "\(path): expected schema_version \(supported), found \(found); write it again with taper calibrate"
    case .malformed(let path, let part, let expected, let found):
      "\(path): expected \(part) to be \(expected), found \(found); write it again with taper calibrate"
    case .digestMismatch(let path, let expected, let found):
      "\(path): expected SHA-256 \(expected), found \(found); the calibration's files do not belong together, "
        + "write them again with taper calibrate"
    case .wouldOverwrite(let path):
      "\(path): expected no file, an empty directory or an earlier calibration, found something else; "
        + "choose another place"
    case .sample(let index, let expected, let found):
      "text \(index): expected \(expected), found \(found)"
    case .noSamples:
      "expected at least one text to calibrate on, found none"
    }
  }
}

extension CalibrationError: FileFailure {}
