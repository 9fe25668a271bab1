import TaperPlanFormat

/// How far a measured time is from its prediction.
enum Residual {
  /// measured / predicted − 1; nil when nothing was predicted.
  static func of(_ measured: Nanoseconds, predicted: Nanoseconds) -> Double? {
    predicted == .zero ? nil : Double(measured.rawValue) / Double(predicted.rawValue) - 1
  }
}
