import ArgumentParser
import TaperDeviceProfile
import TaperJSON
import TaperPlanFormat
import TaperPlanRuntime
import TaperProfiler

struct KernelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kernels",
    abstract: "The kernels of this build: tiers, families, weight layouts, and how fast products run here.",
    discussion: "A short measurement, one worker, weights cold; taper profile is the one plans are made from."
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
      Console.print(json ? object(profile).serialized(pretty: true) : text(profile))
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

  private func text(_ profile: DeviceProfile) -> String {
    let figures = profile.threadFigures[0]
    var lines = [
      profile.fingerprint.cpu,
      "tiers     " + KernelTier.available.map(\.name).joined(separator: " ") + "; bound: "
        + KernelTier.detected.name,
      "layouts   "
        + WeightLayout.allCases.map { layout in
          layout == .rowMajor
            ? layout.name : "\(layout.name) (\(WeightLayout.panelWidth) columns × \(layout.activation.group))"
        }.joined(separator: ", "),
      "others    " + KernelID.all.filter { $0.id.opKind != .gemm }.map(\.name).joined(separator: " "),
      "measured  f32 peak \(NumberText.fixed(Double(figures.computePeak) / 1e9, 0)) GFLOP/s, memory "
        + "\(NumberText.fixed(Double(figures.bandwidthManyStreams) / 1e9, 1)) GB/s, one worker",
      "",
    ]
    for shape in Self.shapes {
      var table = Table(
        header: ["GFLOP/s, \(shape.depth) → \(shape.columns)"] + Self.rows.map { "M = \($0)" } + [
          "GB/s at M = 1"
        ])
      for entry in entries(profile, shape) {
        table.rows.append(
          [entry.kernel.name ?? ""]
            + Self.rows.map { rates(entry, rows: $0).map { NumberText.fixed($0.flops / 1e9, 1) } ?? "-" } + [
              rates(entry, rows: 1).map { NumberText.fixed($0.bytes / 1e9, 1) } ?? "-"
            ])
      }
      lines += [table.rendered(), ""]
    }
    return lines.dropLast().joined(separator: "\n")
  }

  private func entries(_ profile: DeviceProfile, _ shape: OpShape) -> [ProfileEntry] {
    profile.entries.filter {
      $0.shape.columns == shape.columns && $0.shape.depth == shape.depth && !$0.isNear
    }
  }

  private func object(_ profile: DeviceProfile) -> JSONValue {
    let figures = profile.threadFigures[0]
    let families = KernelID.all.map { id, name -> JSONValue in
      var family = JSONObject([("name", .string(name)), ("kind", .string(id.opKind?.name ?? ""))])
      guard id.opKind == .gemm else { return .object(family) }
      family["layout"] = .string(id.weightLayout.name)
      family["rates"] = .array(
        profile.entries.filter { $0.kernel == id && !$0.isNear }.flatMap { entry in
          Self.rows.compactMap { rows in
            rates(entry, rows: rows).map { rate -> JSONValue in
              [
                "columns": JSONValue(entry.shape.columns), "depth": JSONValue(entry.shape.depth),
                "rows": JSONValue(rows), "flops_per_s": .integer(Int64(rate.flops)),
                "weight_bytes_per_s": .integer(Int64(rate.bytes)),
              ]
            }
          }
        })
      return .object(family)
    }
    return [
      "schema_version": 1, "cpu": .string(profile.fingerprint.cpu),
      "tier": .string(KernelTier.detected.name),
      "tiers": .array(KernelTier.available.map { .string($0.name) }),
      "panel_columns": JSONValue(WeightLayout.panelWidth),
      "compute_peak_flops_per_s": .integer(Int64(clamping: figures.computePeak)),
      "bandwidth_many_streams_bytes_per_s": .integer(Int64(clamping: figures.bandwidthManyStreams)),
      "kernels": .array(families),
    ]
  }
}
