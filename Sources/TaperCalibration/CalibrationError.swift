public import TaperBase
public import TaperJSON
public import TaperModelSpec

/// Why a calibration is refused, or cannot be read or written.
public enum CalibrationError: Error, Hashable, Sendable {
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
}

extension CalibrationError: FileFailure {}
