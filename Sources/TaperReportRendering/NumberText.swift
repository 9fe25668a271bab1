package import TaperPlanFormat

/// Numbers as a report shows them. Written out because Foundation's formatting brings 50 MB of tables along.
package enum NumberText {
  /// With `digits` decimals, half away from zero; "–" for what is no number.
  package static func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite, abs(value) < 1e12 else { return "–" }
    var scale = 1
    for _ in 0..<digits { scale *= 10 }
    let units = Int((abs(value) * Double(scale)).rounded())
    let sign = value < 0 && units > 0 ? "−" : ""
    guard digits > 0 else { return sign + "\(units)" }
    let fraction = "\(units % scale)"
    return sign + "\(units / scale)." + String(repeating: "0", count: digits - fraction.count) + fraction
  }

  /// Three significant digits with the unit that fits: "840 ns", "12.5 µs", "5.10 ms", "1.20 s".
  package static func time(_ time: Nanoseconds) -> String {
    let ns = Double(time.rawValue)
    if ns < 999.5 { return "\(time.rawValue) ns" }
    if ns < 999_500 { return significant(ns / 1e3) + " µs" }
    if ns < 999_500_000 { return significant(ns / 1e6) + " ms" }
    return significant(ns / 1e9) + " s"
  }

  /// Three digits in all, where there is a decimal point to save them with.
  package static func significant(_ value: Double) -> String {
    fixed(value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0)
  }

  /// "2.1%".
  package static func percent(_ share: Double, _ digits: Int = 1) -> String {
    let text = fixed(share * 100, digits)
    return text == "–" ? text : text + "%"
  }

  /// "+2.1%", "−0.3%"; "–" for nil.
  package static func signedPercent(_ share: Double?) -> String {
    guard let share else { return "–" }
    let text = percent(share)
    return share >= 0 && text != "–" ? "+" + text : text
  }

  /// "12.5 KiB".
  package static func size(_ bytes: Bytes) -> String {
    let value = Double(bytes.rawValue)
    if value < 1024 { return "\(bytes.rawValue) B" }
    if value < 1024 * 1024 { return significant(value / 1024) + " KiB" }
    if value < 1024 * 1024 * 1024 { return significant(value / 1024 / 1024) + " MiB" }
    return significant(value / 1024 / 1024 / 1024) + " GiB"
  }

  /// "1 thread", "2 threads".
  package static func count(_ number: Int, _ singular: String) -> String {
    number == 1 ? "1 \(singular)" : "\(number) \(singular)s"
  }
}
