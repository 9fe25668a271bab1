import ArgumentParser
import TaperBase
import TaperCalibration
import TaperCostModel
import TaperDeviceProfile
import TaperModelSpec
import TaperPlanFormat
import TaperPlanner
import TaperWorkflow

/// What `taper plan` and `taper sweep` are told alike: the inputs, and all of the request but its target and method.
struct PlanningOptions: ParsableArguments {
  @Argument(help: "The model directory, or a graph: .onnx or OpenVINO's .xml.") var model: String
  @Option(help: "The calibration of this model; needed unless the plan is dense.") var calibration: String?
  @Option(help: "The device profile.") var device: String
  @Option(Count.self, help: "Longest input in tokens, specials included (default: the model's longest).")
  var maxLength: Int?
  @Option(
    help: """
      Of the encoder's products. auto: each the fastest that keeps within --max-drop (0.3%); as-needed, the default of \
      a calibrated plan for a time: auto where f32 would have to drop tokens.
      """)
  var precision: CompileOptions.PrecisionChoice?
  @Option(help: "Refit the head on these labelled texts with the reduced encoder's features.")
  var refitHead: String?
  @Option(Count.self, help: "Refit on at most so many labelled texts (default: all).")
  var refitLimit: Int?
  @Option(
    Count.self,
    help:
      "Workers the plan is made for (default: those of the profile's counts that is fastest for this model).")
  var threads: Int?
  @Option(help: "Switch a planner pass off (repeatable).")
  var disablePass: [PlannerPass] = []
  @Flag(help: "Let f32 products use OpenBLAS where it is faster; such a plan does not run in taper-run.")
  var withOpenblas = false
  @Flag(help: "Also drop tokens from texts longer than any that the calibration has.")
  var beyondCalibration = false
  @Option(
    help: """
      What a pooling head reads of dropped tokens: their last states (restored), what the dense encoder would have \
      made of them, by a map fitted to it (lens), nothing (kept); auto: what answers better.
      """)
  var readOut = CompileOptions.ReadOut.auto
  @OptionGroup var reading: DataOptions
  @OptionGroup var prompts: PromptOptions
  @OptionGroup var measuring: MeasureOptions

  /// The inputs, read.
  struct Loaded {
    var compiler: PlanCompiler
    var options: CompileOptions
    var refit: [TokenizedSample]?
    /// Whether accuracy is measured on the texts that the model's head was fitted to.
    var judgesOnTrainingTexts: Bool
    /// Digests of everything read.
    var digests: [String]
  }

  /// - Parameter readsPairs: as `AnswerMeasure.check` has it.
  func load(readsPairs: Bool = false) throws -> Loaded {
    let spec = try Inputs.model(model, prompts)
    let profile = try Inputs.deviceProfile(device)
    let products = profile.entries.filter { $0.shape.kind == .gemm }
    guard !withOpenblas || products.isEmpty || products.contains(where: { $0.kernel == .gemmF32OpenBLAS })
    else {
      throw CommandError.usage(
        "--with-openblas: expected a profile with times of OpenBLAS; \(device) has none. Profile again with "
          + "taper profile --with-openblas")
    }
    let calibration = try calibration.map(Inputs.calibration)
    let maximumLength = try Inputs.maximumLength(maxLength, of: spec)
    let threads =
      try threads
      ?? ThreadChoice.fastest(
        of: profile, model: spec, calibration: calibration, maximumLength: maximumLength,
        precision: PrecisionAssignment(precision?.precision ?? .f32))
    let texts = try refitHead.map {
      try Inputs.texts(from: $0, reading, limit: refitLimit, seed: 1, requiresLabels: true)
    }
    let refit = try texts.map {
      try TokenizedSample.tokenize(
        try LabelMap.naming($0.rows, by: spec.head.textLabels, isWhole: true), model: spec,
        maximumLength: maximumLength)
    }
    if let targets = try refit.map({ try HeadTargets(of: $0, like: spec.head.textLabels) }) {
      try measuring.measure.check(targets.kind, labels: targets.labels)
    } else {
      try measuring.measure.check(spec.head.kind, labels: spec.head.labels, readsPairs: readsPairs)
    }
    return Loaded(
      compiler: try PlanCompiler(
        model: spec, calibration: calibration, cost: CostModel(profile: profile, threads: threads)),
      options: CompileOptions(
        maximumLength: maximumLength, threads: threads, precision: precision ?? .f32,
        refitsHead: refitHead != nil,
        disabledPasses: disablePass, usesOpenBLAS: withOpenblas, readOut: readOut,
        dropsBeyondCalibration: beyondCalibration, measure: measuring.measure),
      refit: refit,
      judgesOnTrainingTexts: texts == nil && calibration != nil
        && calibration?.dataDigest == spec.headDataDigest,
      digests: [
        spec.modelDigest.hex, spec.tokenizerDigest.hex, profile.digest.hex, calibration?.digest.hex ?? "",
        texts?.digest.hex ?? "", "\(texts?.rows.count ?? 0)",
      ])
  }
}
