extension Calibration {
  /// Reads a calibration's directory.
  ///
  /// - Throws: what `CalibrationError` lists for files that cannot be read, are malformed, or do not belong
  ///   together.
  public static func load(directory: String) throws(CalibrationError) -> Calibration {
    try CalibrationDirectory.load(directory)
  }

  /// Writes the calibration as a directory; an earlier calibration there is replaced.
  public func save(directory: String) throws(CalibrationError) {
    try CalibrationDirectory.save(self, to: directory)
  }
}
