import ArgumentParser
import Glibc
import TaperCalibration
import TaperDeviceProfile
import TaperJSON
import TaperModelSpec
import TaperPlanFormat
import TaperPlanner

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "What a model, plan, device profile or calibration is, without loading weights.")

  @Argument(help: "A model directory, a plan, a device profile or a calibration.") var path: String
  @Flag(help: "As JSON.") var json = false

  func run() throws {
    try ExitStatus.catching {
      let facts = try Inspection.facts(of: path)
      if json {
        let object = JSONObject([("schema_version", 1)] + facts.map { ($0.name, .string($0.value)) })
        return Console.print(JSONValue.object(object).serialized(pretty: true))
      }
      let width = facts.map(\.name.count).max() ?? 0
      for fact in facts {
        Console.print(fact.name + String(repeating: " ", count: width - fact.name.count) + "  " + fact.value)
      }
    }
  }
}

/// The facts of a file or directory, by what it turns out to be.
enum Inspection {
  typealias Fact = (name: String, value: String)

  static func facts(of path: String) throws -> [Fact] {
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
      ("kind", "model"), ("name", spec.name), ("family", spec.family),
      (
        "encoder",
        "\(shape.layers) layers × \(shape.hidden), \(shape.heads) heads, feed-forward \(shape.feedForward)"
      ),
      ("vocabulary", "\(shape.vocabulary)"), ("maximum_length", "\(spec.maximumLength)"),
      ("head", head(spec.head.kind, spec.head.labels, width: spec.head.outputWidth)),
      ("pooling", "\(spec.head.pooling)\(spec.head.normalized ? ", L2-normalised" : "")"),
      ("digest", spec.modelDigest.hex),
    ] + (spec.tuned.map(tuned) ?? [])
  }

  /// What tools/tune trained.
  private static func tuned(_ spec: TunedSpec) -> [Fact] {
    var facts: [Fact] = [("tuned", spec.methods.map(\.rawValue).joined(separator: ", "))]
    if let elimination = spec.elimination {
      facts.append(
        (
          "elimination",
          "decay \(NumberText.fixed(elimination.decay, 4)), factor \(NumberText.fixed(elimination.alpha, 4)): keeps "
            + elimination.keepCounts.map(String.init).joined(separator: " ")
            + " of \(elimination.tokens) tokens, \(NumberText.fixed(elimination.speedup, 2))x work"
        ))
    }
    if let selector = spec.selector {
      let places = selector.layers.map(String.init).joined(separator: ", ")
      facts.append(
        (
          "selectors",
          "after layers \(places), width \(selector.width), keep π ≥ \(selector.threshold), λ \(selector.price)"
        ))
    }
    if let halting = spec.halting {
      facts.append(
        (
          "halting",
          "after any of \(halting.layers) layers, \(halting.classes) classes, τ \(halting.price), encoder "
            + (halting.encoderTrained ? "trained" : "frozen")
        ))
    }
    if let before = spec.layersBeforeCut { facts.append(("depth", "cut from \(before) layers")) }
    facts.append(("restores_dropped_tokens", "\(spec.restoresDroppedTokens)"))
    return facts
  }

  private static func calibration(_ calibration: Calibration) -> [Fact] {
    [
      ("kind", "calibration"), ("texts", "\(calibration.textCount)"), ("tokens", "\(calibration.tokenCount)"),
      ("layers", "\(calibration.layers.count)"),
      (
        "context_contributions",
        calibration.contextContributions.map { NumberText.fixed($0, 3) }.joined(separator: " ")
      ),
      ("model_digest", calibration.modelDigest.hex), ("digest", calibration.digest.hex),
    ]
  }

  private static func device(_ profile: DeviceProfile) -> [Fact] {
    [
      ("kind", "device profile"), ("name", profile.name), ("cpu", profile.fingerprint.cpu),
      ("tier", profile.fingerprint.tier), ("blas_core", profile.fingerprint.blasCore),
      ("threads", profile.threadCounts.map(String.init).joined(separator: ", ")),
      ("entries", "\(profile.entries.count)"), ("noise", NumberText.fixed(profile.noise.figure, 3)),
    ]
  }

  private static func plan(_ plan: Plan) -> [Fact] {
    let identity = plan.identity
    return [
      ("kind", "plan"), ("model", identity.modelName), ("device", identity.deviceName),
      ("request", identity.request),
      ("method", identity.method), ("precision", identity.precision), ("threads", "\(identity.threads)"),
      ("maximum_length", "\(plan.schedule.maximumLength)"), ("ops", "\(plan.ops.count)"),
      ("arena_bytes", "\(plan.arena.byteCount.rawValue)"),
      (
        "weights",
        "\(NumberText.size(plan.weights.byteCount)), \(plan.weights.isEmbedded ? "inside" : "in a file beside it")"
      ),
      ("head", head(plan.head.kind, plan.head.labels, width: Int(plan.head.outputWidth))),
      ("tool", identity.toolVersion),
    ] + HaltingText.lines(plan).prefix(1).map { ("halting", $0) }
  }

  private static func head(_ kind: HeadKind, _ labels: [String], width: Int) -> String {
    labels.isEmpty ? "\(kind) of \(width)" : "\(kind): \(labels.joined(separator: ", "))"
  }
}
