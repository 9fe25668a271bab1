import ArgumentParser
import TaperBase
import TaperDeviceProfile
import TaperPlanFormat
import TaperPlanRuntime
import TaperProfiler
import TaperReportRendering

struct KernelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kernels",
    abstract: "The kernels of this build: tiers, families, weight layouts, and how fast products run here.",
    discussion:
      "A short measurement: one worker, cold weights. Plans are made from what taper profile measures."
  )

  @Option(Count.self, help: "Seconds to measure for, about (default: 4).") var budget = 4
  @Flag(help: "The figures as JSON.") var json = false

  /// MiniLM's feed-forward product and its reverse.
  private static let shapes = [
    OpShape.gemm(columns: 1536, depth: 384), OpShape.gemm(columns: 384, depth: 1536),
  ]
  /// Row counts shown, of those measured.
  private static let rows = [1, 8, 16, 64, 128]

  func run() throws {
    try ExitStatus.catching {
      var bar = ProgressBar()
      let profile = try Profiler.measure(
        ProfilingRequest(
          name: "kernels", shapes: Self.shapes, threads: [1], maximumRows: 128,
          budget: Nanoseconds(UInt64(budget) * 1_000_000_000), minimumSamples: 5, noiseLimit: .infinity)
      ) { bar.update($0, $1) }
      bar.finish()
      if profile.noise.figure > ProfilingRequest.defaultNoiseLimit {
        Console.note("warning: the machine was noisy: \(profile.noise.words); these figures may be too low")
      }
      try Console.print(report(profile), json: json)
    }
  }

  /// FLOP a second at some rows, and bytes of weights a second.
  private func rates(_ entry: ProfileEntry, rows: Int) -> (flops: Double, bytes: Double)? {
    guard let point = entry.points.first(where: { $0.rows == rows }) else { return nil }
    let seconds = Double(max(1, point.time.p50.rawValue)) / 1e9
    let (columns, depth) = (entry.shape.columns, entry.shape.depth)
    let weights = entry.kernel.weightLayout.byteCount(columns: columns, depth: depth)
    return (2 * Double(rows) * Double(columns) * Double(depth) / seconds, Double(weights) / seconds)
  }

  private func report(_ profile: DeviceProfile) -> Report {
    let figures = profile.threadFigures[0]
    let (bound, available) = (KernelTier.detected.name, KernelTier.available.map(\.name))
    let layouts = WeightLayout.allCases.map { layout in
      layout == .rowMajor
        ? layout.name : "\(layout.name) (\(WeightLayout.panelWidth) columns × \(layout.activation.group))"
    }
    let others = KernelID.all.filter { $0.id.opKind != .gemm }.map(\.name)
    return Report("kernels", of: profile.fingerprint.cpu) {
      ReportNode.data("cpu", profile.fingerprint.cpu)
      ReportNode.data("tier", bound)
      ReportNode.data("tiers", .texts(available))
      ReportNode.data("panel_columns", .integer(WeightLayout.panelWidth))
      ReportNode.data("compute_peak_flops_per_s", .integer(figures.computePeak))
      ReportNode.data("bandwidth_many_streams_bytes_per_s", .integer(figures.bandwidthManyStreams))
      ReportNode.data("noise", .number(profile.noise.figure))
      ReportNode.data("kernels", .list(KernelID.all.map { value($0.id, $0.name, profile) }))
      ReportNode.paragraph(profile.fingerprint.cpu, .plain)
      ReportNode.facts(
        Facts(
          [
            .init("tiers", .text(available.joined(separator: " ") + "; bound: \(bound)")),
            .init("layouts", .text(layouts.joined(separator: ", "))),
            .init("others", .text(others.joined(separator: " "))),
            .init(
              "measured",
              .text(
                "f32 peak \(NumberText.fixed(Double(figures.computePeak) / 1e9, 0)) GFLOP/s, memory "
                  + "\(NumberText.fixed(Double(figures.bandwidthManyStreams) / 1e9, 1)) GB/s, one worker")),
          ], indent: 0))
      for shape in Self.shapes { ReportNode.section { table(profile, shape) } }
    }
  }

  private func table(_ profile: DeviceProfile, _ shape: OpShape) -> ReportTable {
    func giga(_ rate: Double?) -> ReportValue { rate.map { .number($0 / 1e9, decimals: 1) } ?? .text("-") }
    return ReportTable(
      [.init("GFLOP/s, \(shape.depth) → \(shape.columns)", .left)] + Self.rows.map { .init("M = \($0)") }
        + [.init("GB/s at M = 1")], style: .ruled,
      rows: entries(profile, shape).map { entry in
        .init(
          [.text(entry.kernel.name ?? "")] + Self.rows.map { giga(rates(entry, rows: $0)?.flops) } + [
            giga(rates(entry, rows: 1)?.bytes)
          ])
      })
  }

  private func entries(_ profile: DeviceProfile, _ shape: OpShape) -> [ProfileEntry] {
    profile.entries.filter {
      $0.shape.columns == shape.columns && $0.shape.depth == shape.depth && !$0.isNear
    }
  }

  private func value(_ id: KernelID, _ name: String, _ profile: DeviceProfile) -> ReportValue {
    var fields: [ReportValue.Field] = [
      .init("name", .text(name)), .init("kind", .text(id.opKind?.name ?? "")),
    ]
    if id.opKind == .gemm {
      let entries = profile.entries.filter { $0.kernel == id && !$0.isNear }
      fields.append(.init("layout", .text(id.weightLayout.name)))
      fields.append(.init("rates", .list(entries.flatMap(rates))))
    }
    return .record(fields)
  }

  private func rates(_ entry: ProfileEntry) -> [ReportValue] {
    Self.rows.compactMap { rows in
      rates(entry, rows: rows).map { rate in
        .record([
          "columns": .integer(entry.shape.columns), "depth": .integer(entry.shape.depth),
          "rows": .integer(rows),
          "flops_per_s": .integer(Int64(rate.flops)), "weight_bytes_per_s": .integer(Int64(rate.bytes)),
        ])
      }
    }
  }
}
