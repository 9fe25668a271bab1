import TaperJSON
import TaperPlanFormat

/// One family of encoders, as a file in specs/models describes it (schema: specs/models/README.md).
struct FamilyDescription {
  /// Where config.json says a quantity: keys of which the first that is there counts, with dots for members of
  /// members; and a default.
  struct ConfigKey {
    let keys: [String]
    let defaultValue: JSONValue?
  }

  /// Which tensor of a checkpoint a role has.
  struct TensorPattern {
    /// `{prefix}`, and in a layer's tensor `{layer}`, `{group}` and `{inner}`, are to be filled in.
    let name: String
    /// The tensor's rows are cut into equal parts, and this is one of them, from 0.
    let part: Int
    let parts: Int
    /// The quantity that must be true for a model to have it.
    let condition: String?
    /// The first layer, from 1, that has it.
    let firstLayer: Int
  }

  let family: String
  let modelTypes: [String]
  let encoderArchitectures: [String]
  let classifierArchitectures: [String]
  let tokenClassifierArchitectures: [String]
  /// By quantity: "hidden", "layers", …
  let config: [String: ConfigKey]
  let requirements: [(key: String, value: JSONValue)]
  let relativeBiasMaximumDistance: Int?
  let positionOffset: Int
  let defaultPooling: Pooling
  let normalizesFirst: Bool
  let isGated: Bool
  let prefixes: [String]
  let suffixAliases: [(key: String, value: String)]
  let tensors: [TensorRole: TensorPattern]
  let layerTensors: [LayerPart: TensorPattern]
  let classifierTensors: [TensorRole: TensorPattern]
  let tokenClassifierTensors: [TensorRole: TensorPattern]
  /// Of the head that predicts tokens.
  let languageTensors: [TensorRole: TensorPattern]

  /// The tensors of the family's head.
  func head(ofTokens: Bool) -> [TensorRole: TensorPattern] {
    ofTokens ? tokenClassifierTensors : classifierTensors
  }

  /// - Throws: `json` or `value` naming the description and what is wrong with it.
  init(_ file: JSONFile) throws(ModelSpecError) {
    _ = try file.integer("schema_version", in: 1...1)
    family = try file.string("family")
    modelTypes = try file.strings("model_types")
    encoderArchitectures = try file.strings("encoder_architectures")
    classifierArchitectures = try file.strings("classifier_architectures")
    tokenClassifierArchitectures = try file.strings("token_classifier_architectures")
    var config: [String: ConfigKey] = [:]
    for (quantity, entry) in file.member("config")?.object?.members ?? [] {
      let keys = entry["key"].map { $0.array?.compactMap(\.string) ?? [$0.string].compactMap(\.self) } ?? []
      guard !keys.isEmpty || entry["default"] != nil else {
        throw file.failure("config.\(quantity)", expected: "a key, keys or a default", entry)
      }
      config[quantity] = ConfigKey(keys: keys, defaultValue: entry["default"])
    }
    self.config = config
    requirements = file.member("requires")?.object?.members ?? []
    positionOffset = try file.integer("position_offset", in: 0...1024)
    defaultPooling = try Pooling(named: file.string("default_pooling"), in: file, key: "default_pooling")
    normalizesFirst = file.member("normalizes_first") == nil ? false : try file.bool("normalizes_first")
    isGated = file.member("gated") == nil ? false : try file.bool("gated")
    prefixes = try file.strings("prefixes")
    suffixAliases = try file.stringMap("suffix_aliases")
    tensors = try Self.patterns(file, "tensors") { TensorRole(rawValue: $0) }
    layerTensors = try Self.patterns(file, "layer_tensors") { LayerPart(rawValue: $0) }
    classifierTensors = try Self.patterns(file, "classifier_tensors") { TensorRole(rawValue: $0) }
    tokenClassifierTensors = try Self.patterns(file, "token_classifier_tensors") { TensorRole(rawValue: $0) }
    languageTensors = try Self.patterns(file, "language_tensors") { TensorRole(rawValue: $0) }
    relativeBiasMaximumDistance =
      tensors[.relativeBias] == nil ? nil : try file.integer("relative_bias_maximum_distance", in: 2...65535)
  }

  private static func patterns<Role: Hashable>(
    _ file: JSONFile, _ key: String, _ role: (String) -> Role?
  ) throws(ModelSpecError) -> [Role: TensorPattern] {
    var patterns: [Role: TensorPattern] = [:]
    for (name, entry) in file.member(key)?.object?.members ?? [] {
      guard let role = role(name), let pattern = TensorPattern(entry) else {
        throw file.failure(
          "\(key).\(name)", expected: "a role, and a name or an object with one as README.md says", entry)
      }
      patterns[role] = pattern
    }
    return patterns
  }

  /// The names a tensor may have under `prefix`: the current one first, then older ones.
  func names(_ pattern: String, prefix: String) -> [String] {
    let name = pattern.replacing("{prefix}", with: prefix)
    return [name]
      + suffixAliases.filter { name.hasSuffix($0.key) }.map { name.dropLast($0.key.count) + $0.value }
  }
}

extension FamilyDescription.TensorPattern {
  /// nil unless `value` is a name or an object with `name` and optionally `part` and `of`, `if`, `from_layer`.
  fileprivate init?(_ value: JSONValue) {
    guard let name = value.string ?? value["name"]?.string else { return nil }
    let parts = value["of"]?.int ?? 1
    let part = value["part"]?.int ?? 1
    guard (1...16).contains(parts), (1...parts).contains(part) else { return nil }
    self.name = name
    self.part = part - 1
    self.parts = parts
    condition = value["if"]?.string
    firstLayer = value["from_layer"]?.int ?? 1
  }
}

extension Pooling {
  /// One of those that give a text one vector, by name.
  init(
    named name: String, in file: JSONFile, key: String, among known: [Pooling] = [.mean, .cls]
  ) throws(ModelSpecError) {
    guard let pooling = known.first(where: { $0.name == name }) else {
      throw file.failure(
        key, expected: known.map { "\"\($0.name)\"" }.joined(separator: " or "), .string(name))
    }
    self = pooling
  }

  /// Those of sentence-transformers' Pooling.
  static let ofTexts: [Pooling] = [.mean, .cls, .max, .meanSqrtLength, .weightedMean, .lastToken]
}

/// The families compiled into this binary. A file in specs/models that is missing here fails a test.
package enum FamilyCatalog {
  package static let files: [(name: String, bytes: [UInt8])] = [
    ("albert.json", PackageResources.albert_json),
    ("bert.json", PackageResources.bert_json),
    ("deberta_v2.json", PackageResources.deberta_v2_json),
    ("distilbert.json", PackageResources.distilbert_json),
    ("electra.json", PackageResources.electra_json),
    ("gte.json", PackageResources.gte_json),
    ("modernbert.json", PackageResources.modernbert_json),
    ("mpnet.json", PackageResources.mpnet_json),
    ("nomic_bert.json", PackageResources.nomic_bert_json),
    ("roberta.json", PackageResources.roberta_json),
  ]

  static let descriptions: [FamilyDescription] = files.map { (name, bytes) in
    do {
      return try FamilyDescription(JSONFile(path: "specs/models/\(name)", bytes: bytes))
    } catch {
      preconditionFailure("\(error)")
    }
  }

  static func description(modelType: String) -> FamilyDescription? {
    descriptions.first { $0.modelTypes.contains(modelType) }
  }
}
