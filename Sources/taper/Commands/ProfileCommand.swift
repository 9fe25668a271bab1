import ArgumentParser
import Glibc
import TaperBase
import TaperDeviceProfile
import TaperModelSpec
import TaperPlanFormat
import TaperPlanRuntime
import TaperProfiler
import TaperReportRendering

struct ProfileCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile", abstract: "Measures this machine's kernels, weights cold as in real use.",
    discussion: "Exit 69 when the machine is too noisy for its figures to be of use.")

  @Option(help: "Measure this model's shapes (repeatable); when absent a grid that serves every model.")
  var model: [String] = []
  @Option(
    Count.self,
    help:
      "Measure one worker up to this many (powers of two between); as many as this process may use when absent."
  )
  var threads: Int?
  @Option(help: "The device's name in the profile; this host's when absent.") var name: String?
  @Option(Count.self, help: "Seconds to measure for, about; when absent 22 for models, 90 for the grid.")
  var budget: Int?
  @Flag(help: "Measure OpenBLAS too, for plans made --with-openblas; takes half as long again.")
  var withOpenblas = false
  @Flag(help: "Measure --precision f32x3 too; without this flag it is measured on AMX alone.")
  var planes = false
  @Option(name: .shortAndLong, help: "The device profile to write.") var output: String
  @Flag(help: "The summary as JSON.") var json = false

  func run() throws {
    try ExitStatus.catching {
      try Outputs.check(files: [output])
      let budget = budget ?? (model.isEmpty ? 90 : 22)
      guard budget <= 3_600 else {
        throw CommandError.usage("--budget: expected 1 to 3600 seconds; found \(budget)")
      }
      BLASCoreWarning.show()
      // Where packed products are scalar references, OpenBLAS's are all there is.
      let measuresOpenBLAS = withOpenblas || KernelTier.detected == .scalar
      let request = ProfilingRequest(
        name: name ?? Self.hostName(), created: "\(CalendarDay.today())", shapes: try shapes(),
        threads: threadCounts(),
        budget: Nanoseconds(UInt64(budget) * 1_000_000_000), measuresPlanes: planes ? true : nil,
        excludedKernels: measuresOpenBLAS ? [] : [.gemmF32OpenBLAS])
      let watch = QuotaWatch()
      defer { watch.report() }
      var bar = ProgressBar()
      let profile = try Profiler.measure(request) { bar.update($0, $1) }
      bar.finish()
      try profile.save(path: output)
      try Console.print(report(profile), json: json)
    }
  }

  private func shapes() throws -> [OpShape] {
    if model.isEmpty { return ProfilingRequest.generalShapes }
    let shapes = try model.flatMap { path in
      let spec = try Inputs.model(path)
      return ProfilingRequest.shapes(
        of: spec.shape, activation: spec.activation,
        outputWidth: spec.head.hasLinear ? spec.head.outputWidth : 0,
        head: products(of: spec.head, spec.shape),
        relativeBias: spec.relativeBias != nil || spec.form.layers.contains { $0.window != nil },
        selectorWidth: spec.tuned?.selector?.width ?? 0, halts: spec.tuned?.halting != nil,
        embeddingWidth: spec.form.projectsEmbeddings ? spec.form.embeddingWidth : 0,
        isGated: spec.form.isGated,
        isRotary: spec.form.layers.contains { $0.rotaryTheta != nil },
        isDisentangled: spec.form.disentangled != nil)
    }
    return shapes.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// The products of a head's steps.
  private func products(of head: HeadSpec, _ shape: ModelShape) -> [OpShape] {
    var width = Int(shape.hidden)
    return head.steps.compactMap { step in
      defer { width = step.width }
      guard case .dense(_, _, let activation) = step.operation else { return nil }
      return .gemm(columns: step.width, depth: width, activation: activation)
    }
  }

  private func threadCounts() -> [Int] {
    let most = Inputs.threads(threads)
    var counts: [Int] = []
    var count = 1
    while count < most {
      counts.append(count)
      count *= 2
    }
    return counts + [most]
  }

  private func report(_ profile: DeviceProfile) -> Report {
    func giga(_ rate: UInt64, _ decimals: Int) -> ReportValue {
      .number(Double(rate) / 1e9, decimals: decimals)
    }
    let fingerprint = profile.fingerprint
    return Report("profile", of: profile.name) {
      ReportNode.data("device", output)
      ReportNode.data("entries", .integer(profile.entries.count))
      ReportNode.data("threads", .integers(profile.threadCounts))
      ReportNode.data("noise", .number(profile.noise.figure))
      ReportNode.paragraph(
        "\(fingerprint.cpu), tier \(fingerprint.tier), BLAS core \(fingerprint.blasCore)", .plain)
      ReportTable(
        [
          .init("threads", .left), .init("peak GFLOP/s"), .init("one stream GB/s"), .init("several GB/s"),
          .init("op overhead"),
        ], style: .ruled,
        rows: profile.threadFigures.map { figures in
          .init([
            .integer(figures.threads), giga(figures.computePeak, 0), giga(figures.bandwidthOneStream, 1),
            giga(figures.bandwidthManyStreams, 1), .text("\(figures.opOverhead.rawValue) ns"),
          ])
        })
      ReportNode.paragraph(
        "\(profile.entries.count) entries, noise \(NumberText.fixed(profile.noise.figure, 3)) → \(output)",
        .plain)
    }
  }

  private static func hostName() -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard unsafe gethostname(&buffer, buffer.count - 1) == 0 else { return "this machine" }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
