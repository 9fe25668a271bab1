/// Whether measured times agree with the plan's predictions.
public enum AuditVerdict: String, CaseIterable, Hashable, Sendable {
  /// Every length's median is within the tolerance of its prediction.
  case within
  /// At least one is not.
  case outside
  /// The machine varied too much while measuring to tell one from the other.
  case noisy

  /// - Parameters:
  ///   - residuals: measured / predicted − 1, nil where nothing was predicted, which counts as outside.
  ///   - tolerance: largest |residual| allowed.
  ///   - isNoisy: whether the probe varied beyond its bound; then nothing is judged.
  public init(residuals: [Double?], tolerance: Double, isNoisy: Bool) {
    if isNoisy {
      self = .noisy
    } else {
      self = residuals.allSatisfy { $0.map { abs($0) <= tolerance } ?? false } ? .within : .outside
    }
  }
}
