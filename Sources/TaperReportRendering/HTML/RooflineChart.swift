import Glibc
import TaperAuditor
import TaperPlanFormat

/// The roofline: each op by its work for each byte of traffic and the work it did in a second, under what the machine can
/// do. An op whose work is not counted (norms, sums) stands at the left edge by the traffic it moved, what is very slow at the
/// lower edge.
struct RooflineChart {
  let report: AuditReport

  func render() -> String? {
    guard places.contains(where: { $0.intensity > 0 }) else { return nil }
    return draw(width: 720, height: 400, kind: "wide") + draw(width: 360, height: 310, kind: "narrow")
  }

  private struct Place {
    var op: OpAudit
    /// FLOP a byte; 0 where no work is counted.
    var intensity: Double
    /// FLOP a second.
    var rate: Double
    /// Bytes a second.
    var traffic: Double
  }

  private var places: [Place] {
    report.ops.compactMap { op in
      let (work, traffic) = (Double(op.prediction.work.rawValue), Double(op.prediction.traffic.rawValue))
      let seconds = Double(op.measured.rawValue) / 1e9
      guard seconds > 0, traffic > 0 else { return nil }
      return Place(op: op, intensity: work / traffic, rate: work / seconds, traffic: traffic / seconds)
    }
  }

  /// The machine's, or where it is not known the best any op reached.
  private var roof: MachineRoof {
    report.roof
      ?? MachineRoof(
        compute: places.map(\.rate).max() ?? 1, bandwidth: places.map(\.traffic).max() ?? 1)
  }

  private func draw(width: Double, height: Double, kind: String) -> String {
    let (places, roof) = (places, roof)
    let worked = places.filter { $0.intensity > 0 }
    let ridge = roof.compute / roof.bandwidth
    let x = LogAxis(
      from: min(0.5, worked.map(\.intensity).min() ?? 1),
      upTo: max(ridge * 2, worked.map(\.intensity).max() ?? 1))
    func rate(_ place: Place) -> Double { place.intensity > 0 ? place.rate : place.traffic * pow(10, x.base) }
    // Ops of no weight would stretch the axis over decades.
    let floor = min(roof.compute / 300, roof.bandwidth * pow(10, x.base) / 3)
    let y = LogAxis(from: floor, upTo: max(roof.compute, places.map(rate).max() ?? 1), room: 0.15)
    let plot = Plot(
      width: width, height: height, left: 70, right: 18, xLimit: x.limit, yLimit: y.limit, xBase: x.base,
      yBase: y.base)
    var svg = plot.frame(
      yTicks: y.ticks.map { ($0, Self.rateText(pow(10, $0))) },
      xTicks: x.ticks.map { ($0, Plot.plain(pow(10, $0))) }, xName: "FLOP for each byte of traffic")
    let start = max(x.base, y.base - log10(roof.bandwidth))
    let lines = [
      (start, start + log10(roof.bandwidth)), (log10(ridge), log10(roof.compute)),
      (x.limit, log10(roof.compute)),
    ]
    svg += "<polyline class=\"roof\(report.roof == nil ? " guess" : "")\" points=\"\(plot.points(lines))\"/>"
    svg += plot.text(
      "tick end", plot.width - plot.right, plot.y(log10(roof.compute)) - 6,
      "\(Self.rateText(roof.compute))FLOP/s" + (report.roof == nil ? " seen" : ""))
    // Under the middle of the slope, where few ops are.
    let middle = (start + log10(ridge)) / 2
    svg += plot.text(
      "tick", plot.x(middle) + 8, plot.y(middle + log10(roof.bandwidth)) + 18,
      "\(Self.rateText(roof.bandwidth))B/s" + (report.roof == nil ? " seen" : ""))
    for place in places {
      let group = report.group(of: place.op)
      let isCounted = place.intensity > 0
      svg += plot.circle(
        "\(OpTimeline.colour(group))\(isCounted ? "" : " hollow")",
        isCounted ? log10(place.intensity) : x.base,
        max(y.base, log10(rate(place))), radius: 4,
        title: "layer \(place.op.layer), \(place.op.label): "
          + (isCounted ? "\(Self.rateText(place.rate))FLOP/s, " : "") + "\(Self.rateText(place.traffic))B/s")
    }
    return plot.wrap(svg, kind: kind, title: "Roofline: each op's rate over its intensity")
  }

  /// "94 G", "1.2 T".
  static func rateText(_ rate: Double) -> String {
    for (unit, size) in [("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)] where rate >= size * 0.9995 {
      let value = rate / size
      return NumberText.fixed(value, value < 9.95 && value != value.rounded() ? 1 : 0) + " " + unit
    }
    return NumberText.fixed(rate, 0) + " "
  }
}
