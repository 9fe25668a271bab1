import ArgumentParser
import Glibc
import TaperBase
import TaperCalibration
import TaperDeviceProfile
import TaperJSON
import TaperModelSpec
import TaperPlanFormat
import TaperReportRendering
import TaperTokenization

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "What a model, plan, device profile or calibration is, without loading weights.")

  @Argument(help: "A model directory or graph, a plan, a device profile or a calibration.") var path: String
  @Flag(help: "As JSON.") var json = false

  func run() throws {
    try ExitStatus.catching {
      let facts = try Inspection.facts(of: path)
      let report = Report("inspect", of: path, textWidth: .max) {
        ReportNode.facts(
          Facts(
            facts.map {
              .init($0.name, .shown(Inspection.text($0.value), ReportValue($0.value)), key: $0.name)
            },
            indent: 0))
      }
      try Console.print(report, json: json)
    }
  }
}

/// The facts of a file or directory, by what it turns out to be.
enum Inspection {
  typealias Fact = (name: String, value: JSONValue)

  /// A fact's value for people.
  static func text(_ value: JSONValue) -> String {
    switch value {
    case .string(let words): words
    case .number(let number): NumberText.fixed(number, 3)
    case .array(let values): values.map(text).joined(separator: ", ")
    default: value.serialized()
    }
  }

  static func facts(of path: String) throws -> [Fact] {
    if ImportedModel.isGraph(path) { return model(try Inputs.model(path)) }
    if exists(path + "/config.json") { return model(try ModelSpec.load(directory: path)) }
    if exists(path + "/calibration.json") { return calibration(try Calibration.load(directory: path)) }
    try InputKind.any.require(path)
    guard let first = Inputs.firstByte(of: path) else {
      throw CommandError.unrecognised(path: path)
    }
    if first == UInt8(ascii: "{") { return device(try DeviceProfile.load(path: path)) }
    return plan(try PlanFile.read(path))
  }

  private static func exists(_ path: String) -> Bool { unsafe access(path, R_OK) == 0 }

  private static func model(_ spec: ModelSpec) -> [Fact] {
    let shape = spec.shape
    return [
      ("kind", "model"), ("name", .string(spec.name)), ("family", .string(spec.family)),
      (
        "encoder",
        .string(
          "\(shape.layers) layers × \(shape.hidden), \(shape.heads) heads, feed-forward \(shape.feedForward)")
      ),
      ("vocabulary", JSONValue(Int(shape.vocabulary))), ("maximum_length", JSONValue(spec.maximumLength)),
      ("length_source", .string(source(spec.lengthSource))), ("tokenizer", .string(spec.tokenizer.modelName)),
      ("head", head(spec.head.kind, spec.head.labels, width: spec.head.outputWidth)),
      ("activation", .string(activation(spec.head))),
      (
        "pooling",
        .string(
          "\(spec.head.pooling.name)\(spec.head.normalized ? ", L2-normalised" : "")"
            + (spec.leavesPromptOut ? ", without a prompt's tokens" : ""))
      ),
      ("digest", .string(spec.modelDigest.hex)),
    ] + modules(of: spec) + (spec.interaction.map { interaction($0, spec) } ?? []) + prompts(spec.prompts)
      + ignored(spec.ignoredTensors)
      + (spec.tuned.map(tuned) ?? [])
  }

  /// What the head's numbers go through before they are the answer.
  private static func activation(_ head: HeadSpec) -> String {
    switch head.kind {
    case .classification, .tokenClassification: "softmax"
    case .multiLabel: "sigmoid"
    case .regression: head.hasSigmoid ? "sigmoid" : "none"
    case .embedding, .tokenVectors: head.normalized ? "L2 norm" : "none"
    case .sparse: "log(1 + ReLU)" + (head.steps.count { $0.operation == .log1p } > 1 ? ", twice" : "")
    }
  }

  /// What follows the pooling of an embedder, besides a norm that is its only step.
  private static func modules(of spec: ModelSpec) -> [Fact] {
    guard spec.head.followsModules else { return [] }
    var width = Int(spec.shape.hidden)
    let words = spec.head.steps.compactMap { step -> String? in
      defer { width = step.width }
      switch step.operation {
      case .pool: return nil
      case .dense(_, _, let activation):
        return "dense \(width) → \(step.width)" + (activation == .none ? "" : " with \(activation.name)")
      case .layerNorm: return "layer norm"
      case .normalize: return "L2 norm"
      case .sigmoid: return "sigmoid"
      case .log1p: return "log(1 + ReLU)"
      }
    }
    return [("modules", .array(words.map { .string($0) }))]
  }

  /// How queries and documents are taken.
  private static func interaction(_ interaction: LateInteraction, _ spec: ModelSpec) -> [Fact] {
    var queries = "after prompt \(interaction.queryPrompt ?? spec.prompts.defaultName ?? "none")"
    if let expansion = interaction.expansion {
      let token = spec.tokenizer.token(expansion.token) ?? "\(expansion.token)"
      queries +=
        ", \(expansion.isFixed ? "exactly" : "at least") \(expansion.length) tokens, filled up with \(token)"
        + (expansion.isAttended ? "" : ", which no token attends to")
    }
    var documents = "after prompt \(spec.prompts.defaultName ?? "none")"
    if interaction.documentLength > 0 { documents += ", at most \(interaction.documentLength) tokens" }
    let skipped = interaction.skippedIDs.map { spec.tokenizer.token($0) ?? "\($0)" }
    let tasks = [("queries", interaction.skipsInQueries), ("documents", interaction.skipsInDocuments)]
    let places = tasks.filter(\.1).map(\.0).joined(separator: " and ")
    return [("queries", .string(queries)), ("documents", .string(documents))]
      + (skipped.isEmpty ? [] : [("skipped in \(places)", .string(skipped.joined(separator: " ")))])
  }

  private static func source(_ source: LengthSource) -> String {
    switch source {
    case .positions: "the position table"
    case .sequenceConfig(let file): file
    case .tokenizerConfig: "tokenizer_config.json"
    case .queriesAndDocuments: "the longest document or query"
    }
  }

  private static func prompts(_ prompts: Prompts) -> [Fact] {
    prompts.all.map { prompt in
      let isDefault = prompt.name == prompts.defaultName
      return (
        "prompt \(prompt.name)", .string("\"\(prompt.text)\"" + (isDefault ? ", before every text" : ""))
      )
    }
  }

  /// What the weight files have besides: the first of it.
  private static func ignored(_ tensors: [String]) -> [Fact] {
    guard !tensors.isEmpty else { return [] }
    let more = tensors.count > 4 ? " and \(tensors.count - 4) more" : ""
    return [("ignored", .string("tensors " + tensors.prefix(4).joined(separator: ", ") + more))]
  }

  /// What tools/tune trained.
  private static func tuned(_ spec: TunedSpec) -> [Fact] {
    var facts: [Fact] = [("tuned", .array(spec.methods.map { .string($0.rawValue) }))]
    if let elimination = spec.elimination {
      facts.append(
        (
          "elimination",
          .string(
            "decay \(NumberText.fixed(elimination.decay, 4)), factor \(NumberText.fixed(elimination.alpha, 4)): keeps "
              + elimination.keepCounts.map(String.init).joined(separator: " ")
              + " of \(elimination.tokens) tokens, \(NumberText.fixed(elimination.speedup, 2))x work")
        ))
    }
    if let lexical = spec.lexical {
      facts.append(
        (
          "lexical",
          .string(
            "words chosen before layer 1: \(NumberText.fixed(100 * lexical.share, 1))% of \(lexical.tokens) tokens, "
              + "\(NumberText.fixed(lexical.speedup, 2))x work")
        ))
    }
    if let selector = spec.selector {
      let places = selector.layers.map(String.init).joined(separator: ", ")
      facts.append(
        (
          "selectors",
          .string(
            "after layers \(places), width \(selector.width), keep π ≥ \(selector.threshold), λ \(selector.price)"
          )
        ))
    }
    if let halting = spec.halting {
      facts.append(
        (
          "halting",
          .string(
            "after any of \(halting.layers) layers, \(halting.classes) classes, τ \(halting.price), encoder "
              + (halting.encoderTrained ? "trained" : "frozen"))
        ))
    }
    if let before = spec.layersBeforeCut { facts.append(("depth", .string("cut from \(before) layers"))) }
    facts.append(("restores_dropped_tokens", .bool(spec.restoresDroppedTokens)))
    return facts
  }

  private static func calibration(_ calibration: Calibration) -> [Fact] {
    [
      ("kind", "calibration"), ("texts", JSONValue(calibration.textCount)),
      ("tokens", JSONValue(calibration.tokenCount)), ("truncated", JSONValue(calibration.truncatedCount)),
      ("layers", JSONValue(calibration.layers.count)),
      ("context_contributions", .array(calibration.contextContributions.map { .number($0) })),
      ("model_digest", .string(calibration.modelDigest.hex)), ("digest", .string(calibration.digest.hex)),
    ]
  }

  private static func device(_ profile: DeviceProfile) -> [Fact] {
    [
      ("kind", "device profile"), ("name", .string(profile.name)), ("cpu", .string(profile.fingerprint.cpu)),
      ("tier", .string(profile.fingerprint.tier)), ("blas_core", .string(profile.fingerprint.blasCore)),
      ("threads", .array(profile.threadCounts.map { JSONValue($0) })),
      ("entries", JSONValue(profile.entries.count)), ("noise", .number(profile.noise.figure)),
    ]
  }

  private static func plan(_ plan: Plan) -> [Fact] {
    let identity = plan.identity
    return [
      ("kind", "plan"), ("model", .string(identity.modelName)), ("device", .string(identity.deviceName)),
      ("request", .string(identity.request)),
      ("method", .string(identity.method)), ("precision", .string(identity.precision)),
      ("threads", JSONValue(Int(identity.threads))),
      ("maximum_length", JSONValue(plan.schedule.maximumLength)), ("ops", JSONValue(plan.ops.count)),
      ("arena_bytes", .integer(Int64(clamping: plan.arena.byteCount.rawValue))),
      ("weights_bytes", .integer(Int64(clamping: plan.weights.byteCount.rawValue))),
      ("weights", plan.weights.isEmbedded ? "inside" : "in a file beside it"),
      ("head", head(plan.head.kind, plan.head.labels, width: Int(plan.head.outputWidth))),
      ("tool", .string(identity.toolVersion)),
    ] + (plan.haltingLine.map { [("halting", .string($0))] } ?? [])
  }

  private static func head(_ kind: HeadKind, _ labels: [String], width: Int) -> JSONValue {
    .string(labels.isEmpty ? "\(kind) of \(width)" : "\(kind): \(labels.joined(separator: ", "))")
  }
}
