import ArgumentParser
import TaperBase
import TaperCalibration
import TaperCostModel
import TaperDeviceProfile
import TaperModelSpec
import TaperPlanFormat
import TaperPlanner
import TaperServing
import TaperWorkflow

/// What `taper plan` and `taper sweep` are told alike: the inputs, and all of the wish but its target and method.
struct PlanningOptions: ParsableArguments {
  @Argument(help: "The model directory.") var model: String
  @Option(help: "The calibration of this model; needed unless the plan is dense.") var calibration: String?
  @Option(help: "The device profile.") var device: String
  @Option(Count.self, help: "Longest input in tokens, specials included; the model's own when absent.")
  var maxLength: Int?
  @Option(
    help: """
      Of the encoder's products: f32, bf16, int8, or auto (each the fastest that keeps within --max-drop, 0.3% when absent, of \
      f32's answers on the calibration texts).
      """)
  var precision = "f32"
  @Option(help: "Refit the head on these labelled texts with the reduced encoder's features.") var refitHead:
    String?
  @Option(Count.self, help: "Labelled texts to refit on at most; all when absent.")
  var refitLimit: Int?
  @Option(Count.self, help: "Workers the plan is made for; the profile's largest when absent.")
  var threads: Int?
  @Option(
    help:
      "Switch a planner pass off (repeatable): \(PlannerPass.allCases.map(\.name).joined(separator: ", ")).")
  var disablePass: [String] = []
  @Flag(help: "Products by Taper's own kernels only, as taper-run needs, which is without OpenBLAS.")
  var withoutOpenblas = false
  @Option(
    help: """
      Whether a mean-pooling head reads dropped tokens' last states too: yes, no (kept tokens only) or auto (yes when the head \
      is refitted or the model was trained so, else what answers calibration texts better).
      """)
  var restore = Restoring.auto
  @Flag(help: "Go on past labelled rows that cannot be read, and count them.") var skipBad = false

  enum Restoring: String, ExpressibleByArgument, CaseIterable {
    case auto, yes, no
  }

  /// The inputs, read, and the request as far as these options tell it.
  struct Loaded {
    var compiler: PlanCompiler
    /// Dense, of method acc.
    var request: PlanningRequest
    var refit: [TokenizedSample]?
    /// Digests of everything read.
    var digests: [String]
  }

  func load() throws -> Loaded {
    guard precision == "auto" || Precision(rawValue: precision) != nil else {
      throw CommandError.usage("--precision: expected f32, bf16, int8 or auto; found \(precision)")
    }
    let spec = try Inputs.model(model)
    let profile = try Inputs.deviceProfile(device)
    let calibration = try calibration.map(Inputs.calibration)
    let maximumLength = try Inputs.maximumLength(maxLength, of: spec)
    let threads = threads ?? profile.threadCounts.last ?? 1
    let request = PlanningRequest(
      maximumLength: maximumLength, threads: threads, passes: try PassSet(disablingNames: disablePass),
      excludedKernels: withoutOpenblas ? [.gemmF32OpenBLAS] : [], restoresDroppedTokens: restore != .no,
      choosesRestoring: restore == .auto,
      precision: PrecisionAssignment(Precision(rawValue: precision) ?? .f32), deviceName: profile.name,
      requestText: words(maximumLength: maximumLength, threads: threads), toolVersion: TaperVersion.current)
    let texts = try refitHead.map {
      try Inputs.texts(from: $0, skipBad: skipBad, limit: refitLimit, seed: 1, requiresLabels: true)
    }
    return Loaded(
      compiler: try PlanCompiler(
        model: spec, calibration: calibration, cost: CostModel(profile: profile, threads: threads)),
      request: request,
      refit: texts.map { TokenizedSample.tokenize($0.rows, model: spec, maximumLength: maximumLength) },
      digests: [
        spec.modelDigest.hex, spec.tokenizerDigest.hex, profile.digest.hex, calibration?.digest.hex ?? "",
        texts?.digest.hex ?? "",
        "\(texts?.rows.count ?? 0)",
      ])
  }

  /// How method `search` goes about one plan, its time box starting now.
  func searchOptions(
    _ loaded: Loaded, cachePath: String?, minutes: Double?
  ) -> PlanCompiler.SearchOptions {
    let end = minutes.map { ContinuousClock.now + .seconds($0 * 60) }
    return PlanCompiler.SearchOptions(
      cachePath: cachePath, question: loaded.digests.joined(separator: "\n"),
      precisions: precision == "auto" ? Precision.allCases.map { PrecisionAssignment($0) } : [],
      isOver: { end.map { ContinuousClock.now >= $0 } ?? false })
  }

  /// The method of that name.
  static func method(_ name: String, option: String) throws -> PlanningMethod {
    guard let method = PlanningMethod(rawValue: name) else {
      let known = PlanningMethod.allCases.map(\.rawValue).joined(separator: ", ")
      throw CommandError.usage("\(option): expected \(known); found \(name)")
    }
    return method
  }

  /// How selectors choose, by that name.
  static func selection(_ name: String) throws -> TokenSelection {
    guard let selection = TokenSelection(rawValue: name) else {
      let known = TokenSelection.allCases.map(\.rawValue).joined(separator: ", ")
      throw CommandError.usage("--selection: expected \(known); found \(name)")
    }
    return selection
  }

  /// The halting rule of that name.
  static func haltingRule(_ name: String) throws -> HaltingRule {
    guard let rule = HaltingRule(rawValue: name) else {
      throw CommandError.usage("--halting-rule: expected tight or authors; found \(name)")
    }
    return rule
  }

  /// The options in words, without paths, for the plan's provenance.
  private func words(maximumLength: Int, threads: Int) -> String {
    var words = ["--max-length \(maximumLength) --precision \(precision) --threads \(threads)"]
    if refitHead != nil { words.append("--refit-head") }
    words += disablePass.map { "--disable-pass \($0)" }
    if withoutOpenblas { words.append("--without-openblas") }
    if restore != .auto { words.append("--restore \(restore.rawValue)") }
    return words.joined(separator: " ")
  }
}
