import TaperPlanFormat

/// Numbers as people read them.
enum Format {
  /// `value` with `digits` decimals, without Foundation's String(format:) and the ICU it pulls in.
  static func decimal(_ value: Double, _ digits: Int = 2) -> String {
    guard value.isFinite else { return "–" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = (value.magnitude * scale).rounded()
    guard scaled < 1e15 else { return "\(value)" }
    let whole = Int(scaled / scale)
    let fraction = String(Int(scaled) - whole * Int(scale))
    let sign = value < 0 && scaled > 0 ? "-" : ""
    return digits == 0
      ? "\(sign)\(whole)"
      : "\(sign)\(whole)." + String(repeating: "0", count: digits - fraction.count) + fraction
  }

  static func milliseconds(_ time: Nanoseconds) -> String { decimal(time.milliseconds, 2) + " ms" }

  static func bytes(_ size: Bytes) -> String {
    let value = Double(size.rawValue)
    if size.rawValue >= 1 << 20 { return decimal(value / 1_048_576, 1) + " MiB" }
    if size.rawValue >= 1 << 10 { return decimal(value / 1_024, 1) + " KiB" }
    return "\(size.rawValue) B"
  }

  static func percent(_ fraction: Double, _ digits: Int = 1) -> String {
    decimal(fraction * 100, digits) + "%"
  }

  static func times(_ factor: Double) -> String { decimal(factor, 2) + "x" }
}
