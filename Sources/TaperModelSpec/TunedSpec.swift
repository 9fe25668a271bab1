import TaperJSON
import TaperPlanFormat

/// What tools/tune trained besides the encoder: the member `taper` of config.json (specs/tuned-checkpoints.md section
/// 2), checked against the encoder and its head.
public struct TunedSpec: Hashable, Sendable {
  /// In training order. A depth cut removes earlier halting points, but not their entry here.
  public let methods: [TrainingMethod]
  /// nil unless `acc` was trained. Never together with `selector`.
  public let elimination: EliminationSpec?
  /// nil unless `lexical` was trained. Never together with `elimination` or `selector`.
  public let lexical: LexicalSpec?
  /// nil unless `selector` was trained.
  public let selector: SelectorSpec?
  /// nil unless `halting` was trained.
  public let halting: HaltingSpec?
  /// Layers before the depth cut; nil without one.
  public let layersBeforeCut: Int?
  /// Training pooled the last states of all tokens, dropped ones included, so a plan must do the same.
  public let restoresDroppedTokens: Bool

  /// nil when config.json has no member `taper`. Unknown members are ignored.
  init?(_ config: JSONFile, shape: ModelShape, form: EncoderForm, head: HeadSpec) throws(ModelSpecError) {
    guard let file = try JSONFile(ifPresent: "taper", in: config) else { return nil }
    guard file.member("schema_version")?.int == 1 else {
      throw file.failure(
        "schema_version", expected: "1, which is what this taper reads; a larger one needs a newer taper",
        file.value["schema_version"])
    }
    let layers = Int(shape.layers)
    _ = try file.integer("layers", in: layers...layers)
    methods = try Self.methods(file)
    elimination = try JSONFile(ifPresent: "elimination", in: file).map { (part) throws(ModelSpecError) in
      try EliminationSpec(part, layers: layers)
    }
    lexical = try JSONFile(ifPresent: "lexical", in: file).map { (part) throws(ModelSpecError) in
      try LexicalSpec(part)
    }
    selector = try JSONFile(ifPresent: "selector", in: file).map { (part) throws(ModelSpecError) in
      try SelectorSpec(part, layers: layers)
    }
    halting = try JSONFile(ifPresent: "halting", in: file).map { (part) throws(ModelSpecError) in
      try HaltingSpec(part, layers: layers, head: head)
    }
    layersBeforeCut = try JSONFile(ifPresent: "depth", in: file).map { (part) throws(ModelSpecError) in
      _ = try part.integer("layers", in: layers...layers)
      return try part.integer("of", in: layers...1000)
    }
    restoresDroppedTokens = try file.bool("restores_dropped_tokens")
    // Both read the states between layers as norms leave them; of encoders that normalise first those are sums.
    for (name, present) in [("selector", selector != nil), ("halting", halting != nil)]
    where present && form.normalizesFirst {
      throw file.failure(
        name, expected: "absent: selectors and halting points are for encoders with norms after each block",
        file.value[name])
    }
    if elimination != nil && selector != nil {
      throw file.failure("selector", expected: "absent: elimination is present", file.value["selector"])
    }
    if lexical != nil, elimination != nil || selector != nil {
      throw file.failure(
        "lexical", expected: "absent: \(elimination != nil ? "elimination" : "selector") is present",
        file.value["lexical"])
    }
    for (method, present) in [
      (TrainingMethod.acc, elimination != nil), (.lexical, lexical != nil), (.selector, selector != nil),
      (.halting, halting != nil), (.depth, layersBeforeCut != nil),
    ] where present && !methods.contains(method) {
      throw file.failure(
        "methods", expected: "to list \"\(method.rawValue)\", whose result is described",
        .string(methods.map(\.rawValue).joined(separator: ", ")))
    }
  }

  private static func methods(_ file: JSONFile) throws(ModelSpecError) -> [TrainingMethod] {
    var methods: [TrainingMethod] = []
    for name in try file.strings("methods") {
      guard let method = TrainingMethod(rawValue: name) else {
        let known = TrainingMethod.allCases.map(\.rawValue).joined(separator: ", ")
        throw file.failure("methods", expected: "any of \(known)", .string(name))
      }
      methods.append(method)
    }
    return methods
  }

  /// The tensors of what was trained besides the encoder, with their shapes.
  func roles(hidden: Int, vocabulary: Int) -> [(TensorRole, [Int])] {
    var roles: [(TensorRole, [Int])] = []
    if lexical != nil { roles.append((.wordScores, [vocabulary])) }
    if let selector {
      for layer in selector.layers {
        roles += SelectorPart.allCases.map {
          (.selector(layer, $0), $0.shape(hidden: hidden, width: selector.width))
        }
      }
    }
    if let halting {
      for layer in 1...halting.layers {
        let parts = layer < halting.layers ? HaltingPart.allCases : HaltingPart.ofLastLayer
        roles += parts.map { (.halting(layer, $0), $0.shape(hidden: hidden, classes: halting.classes)) }
      }
    }
    return roles
  }
}

/// A training method of tools/tune.
public enum TrainingMethod: String, CaseIterable, Hashable, Sendable {
  case dense, head, depth, acc, lexical, selector, halting
  /// The dense vectors, without labels.
  case embed
}
