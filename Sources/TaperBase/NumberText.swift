/// Numbers as text for people, the same in every command, plan text and report. Written here because Foundation's
/// formatting adds 50 MB of tables.
package enum NumberText {
  /// With `digits` decimals, rounded half away from zero; "–" for NaN, infinities and numbers from 10¹² on.
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

  /// "2.05x": a speedup.
  package static func times(_ factor: Double) -> String { fixed(factor, 2) + "x" }

  /// "1 thread", "2 threads".
  package static func count(_ number: Int, _ singular: String) -> String {
    number == 1 ? "1 \(singular)" : "\(number) \(singular)s"
  }
}
