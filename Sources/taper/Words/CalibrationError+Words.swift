import TaperCalibration

extension CalibrationError {
  var words: String {
    switch self {
    case .file(let error): "\(error)"
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
