import Glibc
import TaperAuditor
import TaperPlanFormat

extension Chart {
  /// The roofline: each op by its work for each byte of traffic and the work it did in a second, under what the
  /// machine can do. An op whose work is not counted (norms, sums) stands at the left edge by the traffic it moved,
  /// what is very slow at the lower edge.
  static func roofline(_ report: AuditReport) -> Chart? {
    let places = rooflinePlaces(report)
    guard places.contains(where: { $0.intensity > 0 }) else { return nil }
    let roof =
      report.roof == nil
      ? "No profile of the machine was given, so the roofs are the best that any op reached here."
      : "The roofs are the machine's, from its profile; operands that caches hold may go above the slope."
    return Chart(
      title: "Roofline", label: "Roofline: each op's rate over its intensity", legend: groupLegend(report),
      caption: "Each op by its work for each byte it moves and its work in a second, as measured. \(roof) "
        + "Rings at the left are ops whose work is not counted."
    ) { rooflineDrawing(report, places, $0) }
  }

  private struct RooflinePlace {
    var op: OpAudit
    /// FLOP a byte; 0 where no work is counted.
    var intensity: Double
    /// FLOP a second.
    var rate: Double
    /// Bytes a second.
    var traffic: Double
  }

  private static func rooflinePlaces(_ report: AuditReport) -> [RooflinePlace] {
    report.ops.compactMap { op in
      let (work, traffic) = (Double(op.prediction.work.rawValue), Double(op.prediction.traffic.rawValue))
      let seconds = Double(op.measured.rawValue) / 1e9
      guard seconds > 0, traffic > 0 else { return nil }
      return RooflinePlace(
        op: op, intensity: work / traffic, rate: work / seconds, traffic: traffic / seconds)
    }
  }

  private static func rooflineDrawing(_ report: AuditReport, _ places: [RooflinePlace], _ isWide: Bool)
    -> Drawing
  {
    // The machine's, or where it is not known the best any op reached.
    let roof =
      report.roof
      ?? MachineRoof(compute: places.map(\.rate).max() ?? 1, bandwidth: places.map(\.traffic).max() ?? 1)
    let worked = places.filter { $0.intensity > 0 }
    let ridge = roof.compute / roof.bandwidth
    let x = LogAxis(
      from: min(0.5, worked.map(\.intensity).min() ?? 1),
      upTo: max(ridge * 2, worked.map(\.intensity).max() ?? 1))
    func rate(_ place: RooflinePlace) -> Double {
      place.intensity > 0 ? place.rate : place.traffic * pow(10, x.base)
    }
    // Ops of no weight would stretch the axis over decades.
    let floor = min(roof.compute / 300, roof.bandwidth * pow(10, x.base) / 3)
    let y = LogAxis(from: floor, upTo: max(roof.compute, places.map(rate).max() ?? 1), room: 0.15)
    var drawing = Drawing(
      width: isWide ? 720 : 360, height: isWide ? 400 : 310, left: 70, right: 18,
      x: .init(x, name: "FLOP for each byte of traffic") { TickText.plain(pow(10, $0)) },
      y: .init(y) { TickText.rate(pow(10, $0)) })
    let (peak, bandwidth) = (log10(roof.compute), log10(roof.bandwidth))
    let start = max(x.base, y.base - bandwidth)
    // The bandwidth's name stands under the middle of the slope, where few ops are.
    let middle = (start + log10(ridge)) / 2
    let seen = report.roof == nil ? " seen" : ""
    drawing.marks = [
      .line(
        report.roof == nil ? "roof guess" : "roof",
        [.init(start, start + bandwidth), .init(log10(ridge), peak), .init(x.limit, peak)]),
      .label("tick end", .init(x.limit, peak), below: -6, "\(TickText.rate(roof.compute))FLOP/s\(seen)"),
      .label(
        "tick", .init(middle, middle + bandwidth), right: 8, below: 18,
        "\(TickText.rate(roof.bandwidth))B/s\(seen)"),
    ]
    drawing.marks += places.map { place in
      let isCounted = place.intensity > 0
      return .dot(
        colour(report.group(of: place.op)) + (isCounted ? "" : " hollow"),
        .init(isCounted ? log10(place.intensity) : x.base, max(y.base, log10(rate(place)))), radius: 4,
        title: "layer \(place.op.layer), \(place.op.label): "
          + (isCounted ? "\(TickText.rate(place.rate))FLOP/s, " : "") + "\(TickText.rate(place.traffic))B/s")
    }
    return drawing
  }
}
