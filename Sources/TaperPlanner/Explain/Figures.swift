import TaperPlanFormat

/// Numbers as people read them; fixed rules, so that plan texts are reproducible on every machine.

/// `value` with exactly `places` decimals, halves away from zero; "-" for what is no number.
func decimal(_ value: Double, _ places: Int) -> String {
  guard value.isFinite, abs(value) < 1e15 else { return "-" }
  var scale = 1.0
  for _ in 0..<places { scale *= 10 }
  let scaled = Int64((abs(value) * scale).rounded())
  let whole = scaled / Int64(scale)
  let sign = value < 0 && scaled > 0 ? "-" : ""
  guard places > 0 else { return sign + String(whole) }
  let fraction = String(scaled % Int64(scale))
  return sign + String(whole) + "." + String(repeating: "0", count: places - fraction.count) + fraction
}

/// "3.10 ms", "41.2 µs", "12 ns": three significant places or thereabouts.
func duration(_ time: Nanoseconds) -> String {
  let ns = Double(time.rawValue)
  if ns < 999.5 { return "\(time.rawValue) ns" }
  if ns < 999_950 { return decimal(ns / 1e3, 1) + " µs" }
  if ns < 99_995_000 { return decimal(ns / 1e6, 2) + " ms" }
  return decimal(ns / 1e6, 0) + " ms"
}

func milliseconds(_ time: Nanoseconds) -> String {
  decimal(time.milliseconds, time.milliseconds < 1 ? 3 : 1) + " ms"
}

func megabytes(_ bytes: Bytes) -> String {
  let megabytes = Double(bytes.rawValue) / 1e6
  return decimal(megabytes, megabytes < 10 ? 1 : 0) + " MB"
}

/// "768 B", "1.5 KB", "42.3 MB" (powers of 1000).
func size(_ bytes: Bytes) -> String {
  let value = Double(bytes.rawValue)
  if value < 1000 { return "\(bytes.rawValue) B" }
  if value < 1e6 { return decimal(value / 1e3, 1) + " KB" }
  if value < 1e9 { return decimal(value / 1e6, 1) + " MB" }
  return decimal(value / 1e9, 2) + " GB"
}

/// "12.4 MFLOP", "1.21 GFLOP".
func workText(_ work: Flops) -> String {
  let value = Double(work.rawValue)
  if value < 1e6 { return decimal(value / 1e3, 1) + " KFLOP" }
  if value < 1e9 { return decimal(value / 1e6, 1) + " MFLOP" }
  return decimal(value / 1e9, 2) + " GFLOP"
}

/// The first eight hexadecimal digits of a digest.
func short(_ digest: Digest) -> String {
  digest.bytes.prefix(4).map { byte in
    let text = String(byte, radix: 16)
    return text.count == 1 ? "0" + text : text
  }.joined()
}

extension String {
  func leftAligned(_ width: Int) -> String {
    self + String(repeating: " ", count: Swift.max(0, width - count))
  }
  func rightAligned(_ width: Int) -> String {
    String(repeating: " ", count: Swift.max(0, width - count)) + self
  }
}
