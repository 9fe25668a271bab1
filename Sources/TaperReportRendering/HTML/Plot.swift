import TaperPlanFormat

/// The frame of a chart: size, margins, and the way from values to pixels.
struct Plot {
  let width: Double
  let height: Double
  let left: Double
  let right: Double
  let top = 14.0
  let bottom = 38.0
  let xLimit: Double
  let yLimit: Double
  /// Values at the left and lower edge.
  var xBase = 0.0
  var yBase = 0.0

  func x(_ value: Double) -> Double {
    left + (value - xBase) / (xLimit - xBase) * (width - left - right)
  }
  func y(_ value: Double) -> Double {
    height - bottom - (value - yBase) / (yLimit - yBase) * (height - top - bottom)
  }

  /// A coordinate with one decimal.
  static func number(_ value: Double) -> String {
    let text = NumberText.fixed(value, 1)
    let plain = text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    return plain.hasPrefix("−") ? "-" + plain.dropFirst() : plain
  }

  /// Values as "x,y x,y …".
  func points(_ values: [(Double, Double)]) -> String {
    values.map { Plot.number(x($0.0)) + "," + Plot.number(y($0.1)) }.joined(separator: " ")
  }

  func line(_ kind: String, _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> String {
    "<line class=\"\(kind)\" x1=\"\(Plot.number(x1))\" y1=\"\(Plot.number(y1))\" x2=\"\(Plot.number(x2))\" y2=\"\(Plot.number(y2))\"/>"
  }

  func text(_ kind: String, _ x: Double, _ y: Double, _ text: String) -> String {
    "<text class=\"\(kind)\" x=\"\(Plot.number(x))\" y=\"\(Plot.number(y))\">\(Markup.escape(text))</text>"
  }

  /// A dot at values, with words that show when pointed at.
  func circle(_ kind: String, _ xValue: Double, _ yValue: Double, radius: Double, title: String) -> String {
    "<circle class=\"\(kind)\" cx=\"\(Plot.number(x(xValue)))\" cy=\"\(Plot.number(y(yValue)))\" "
      + "r=\"\(Plot.number(radius))\"><title>\(Markup.escape(title))</title></circle>"
  }

  /// A tick's number without needless zeros.
  static func plain(_ value: Double) -> String {
    let digits = (0...3).first { digits in
      let scaled = value * [1, 10, 100, 1_000][digits]
      return abs(scaled - scaled.rounded()) < 1e-6 * max(1, scaled)
    }
    return NumberText.fixed(value, digits ?? 3)
  }

  /// A time as a tick: "200 ns", "50 µs", "2 ms".
  static func timeTick(_ nanoseconds: Double) -> String {
    for (unit, size) in [("s", 1e9), ("ms", 1e6), ("µs", 1e3)] where nanoseconds >= size * 0.9995 {
      return plain(nanoseconds / size) + " " + unit
    }
    return plain(nanoseconds) + " ns"
  }

  /// Horizontal grid lines with labels, and the name of the horizontal axis.
  func frame(yTicks: [(Double, String)], xTicks: [(Double, String)], xName: String) -> String {
    var svg = ""
    for (value, label) in yTicks {
      svg += line(value == yBase ? "axis" : "grid", left, y(value), width - right, y(value))
      svg += text("tick end", left - 8, y(value) + 4, label)
    }
    for (value, label) in xTicks {
      svg += line("axis", x(value), y(yBase), x(value), y(yBase) + 4)
      svg += text("tick mid", x(value), y(yBase) + 17, label)
    }
    svg += text("tick mid", (left + width - right) / 2, height - 4, xName)
    return svg
  }

  func wrap(_ content: String, kind: String, title: String) -> String {
    "<svg class=\"\(kind)\" viewBox=\"0 0 \(Plot.number(width)) \(Plot.number(height))\" role=\"img\" aria-label=\"\(Markup.escape(title))\">\(content)</svg>"
  }
}
