import TaperJSON
import TaperPlanFormat

/// One family of encoders, as a file in specs/models describes it (schema: specs/models/README.md).
struct FamilyDescription {
  /// A key of config.json and its default.
  struct ConfigKey {
    let key: String
    let defaultValue: JSONValue?
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
  let prefixes: [String]
  let suffixAliases: [(key: String, value: String)]
  let tensors: [String: String]
  let layerTensors: [LayerPart: String]
  let classifierTensors: [String: String]
  let tokenClassifierTensors: [String: String]

  var hasTokenTypes: Bool { tensors[TensorRole.tokenTypeEmbedding.rawValue] != nil }
  var hasRelativeBias: Bool { tensors[TensorRole.relativeBias.rawValue] != nil }
  var classifierHasPooler: Bool { classifierTensors[TensorRole.poolerWeight.rawValue] != nil }

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
      guard let key = entry["key"]?.string else {
        throw file.failure("config.\(quantity).key", expected: "a string", entry["key"])
      }
      config[quantity] = ConfigKey(key: key, defaultValue: entry["default"])
    }
    self.config = config
    requirements = file.member("requires")?.object?.members ?? []
    positionOffset = try file.integer("position_offset", in: 0...1024)
    defaultPooling = try Pooling(named: file.string("default_pooling"), in: file, key: "default_pooling")
    prefixes = try file.strings("prefixes")
    suffixAliases = try file.stringMap("suffix_aliases")
    func names(_ key: String) throws(ModelSpecError) -> [String: String] {
      Dictionary(uniqueKeysWithValues: try file.stringMap(key).map { ($0.key, $0.value) })
    }
    tensors = try names("tensors")
    var layerTensors: [LayerPart: String] = [:]
    for (key, name) in try file.stringMap("layer_tensors") {
      guard let part = LayerPart(rawValue: key) else {
        throw file.failure("layer_tensors", expected: "layer parts", .string(key))
      }
      layerTensors[part] = name
    }
    self.layerTensors = layerTensors
    classifierTensors = try names("classifier_tensors")
    tokenClassifierTensors = try names("token_classifier_tensors")
    relativeBiasMaximumDistance =
      tensors[TensorRole.relativeBias.rawValue] == nil
      ? nil : try file.integer("relative_bias_maximum_distance", in: 2...65535)
  }

  /// The pattern of a role's tensor name, with `{layer}` filled in; nil when the family has no such tensor.
  /// - Parameter classifiesTokens: whether the head is a token classifier's.
  func pattern(of role: TensorRole, classifiesTokens: Bool = false) -> String? {
    let head = classifiesTokens ? tokenClassifierTensors : classifierTensors
    if let name = tensors[role.rawValue] ?? head[role.rawValue] { return name }
    let parts = role.rawValue.split(separator: ".")
    guard parts.count == 3, parts[0] == "layer", let layer = Int(parts[1]),
      let part = LayerPart(rawValue: String(parts[2])), let pattern = layerTensors[part]
    else { return nil }
    return pattern.replacing("{layer}", with: String(layer - 1))
  }

  /// The names a tensor may have under `prefix`: the current one first, then older ones.
  func names(pattern: String, prefix: String) -> [String] {
    let name = pattern.replacing("{prefix}", with: prefix)
    return [name]
      + suffixAliases.filter { name.hasSuffix($0.key) }.map { name.dropLast($0.key.count) + $0.value }
  }
}

extension Pooling {
  /// "mean" or "cls".
  init(named name: String, in file: JSONFile, key: String) throws(ModelSpecError) {
    switch name {
    case "mean": self = .mean
    case "cls": self = .cls
    default: throw file.failure(key, expected: "\"mean\" or \"cls\"", .string(name))
    }
  }

  var name: String {
    switch self {
    case .mean: "mean"
    case .cls: "cls"
    case .tokens: "tokens"
    }
  }
}

/// The families compiled into this binary. A file in specs/models that is missing here fails a test.
package enum FamilyCatalog {
  package static let files: [(name: String, bytes: [UInt8])] = [
    ("bert.json", PackageResources.bert_json),
    ("mpnet.json", PackageResources.mpnet_json),
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
