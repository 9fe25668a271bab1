import TaperJSON
import TaperPlanFormat

/// config.json, read with the keys and defaults of the family's description.
struct EncoderConfig {
  let family: FamilyDescription
  let shape: ModelShape
  let activation: Activation
  let layerNormEpsilon: Float
  /// Rows of the position table.
  let positions: Int
  let relativeBias: RelativeBiasSpec?
  /// nil for an encoder without classification head.
  let classifier: ClassifierConfig?

  /// - Parameter isEmbedder: whether another file says that the result is a vector, whatever head the weights have.
  init(_ file: JSONFile, isEmbedder: Bool = false) throws(ModelSpecError) {
    guard file.member("model_type") != nil else {
      throw .modelTypeMissing(
        path: file.path, known: FamilyCatalog.descriptions.flatMap(\.modelTypes))
    }
    let modelType = try file.string("model_type")
    guard let family = FamilyCatalog.description(modelType: modelType) else {
      throw .unknownFamily(
        path: file.path, modelType: modelType, known: FamilyCatalog.descriptions.flatMap(\.modelTypes))
    }
    self.family = family
    for (key, required) in family.requirements {
      if let found = file.member(key), found != required {
        throw file.failure(key, expected: required.serialized(), found)
      }
    }
    let reader = Reader(file: file, family: family)
    shape = ModelShape(
      hidden: try reader.integer("hidden", in: 1...65536),
      layers: try reader.integer("layers", in: 1...1000),
      heads: try reader.integer("heads", in: 1...1024),
      feedForward: try reader.integer("feed_forward", in: 1...1_048_576),
      vocabulary: try reader.integer("vocabulary", in: 1...16_777_216),
      tokenTypes: family.hasTokenTypes ? try reader.integer("token_types", in: 1...65536) : 0)
    guard shape.hidden % shape.heads == 0 else {
      throw file.failure(
        reader.key("heads"), expected: "a divisor of the hidden size \(shape.hidden)",
        .integer(Int64(shape.heads)))
    }
    positions = try reader.integer("positions", in: family.positionOffset + 1...65535)
    activation = try reader.activation()
    layerNormEpsilon = try reader.epsilon()
    relativeBias = try reader.relativeBias()
    classifier = isEmbedder ? nil : try Self.classifier(file, family)
  }

  /// From `architectures`; without it the checkpoint is an encoder without head.
  private static func classifier(
    _ file: JSONFile, _ family: FamilyDescription
  ) throws(ModelSpecError) -> ClassifierConfig? {
    guard file.member("architectures") != nil else { return nil }
    let found = try file.strings("architectures")
    if found.isEmpty || found.contains(where: family.encoderArchitectures.contains) { return nil }
    if found.contains(where: family.classifierArchitectures.contains) { return try ClassifierConfig(file) }
    if found.contains(where: family.tokenClassifierArchitectures.contains) {
      return try ClassifierConfig(file, ofTokens: true)
    }
    throw .unknownArchitecture(
      path: file.path, found: found,
      known: family.encoderArchitectures + family.classifierArchitectures
        + family.tokenClassifierArchitectures)
  }

  /// Quantities under the keys that the family's description gives.
  private struct Reader {
    let file: JSONFile
    let family: FamilyDescription

    func key(_ quantity: String) -> String { family.config[quantity]?.key ?? quantity }

    func value(_ quantity: String) -> JSONValue? {
      file.member(key(quantity)) ?? family.config[quantity]?.defaultValue
    }

    func integer(_ quantity: String, in range: ClosedRange<Int>) throws(ModelSpecError) -> Int {
      let found = value(quantity)
      guard let size = found?.int, range.contains(size) else {
        throw file.failure(
          key(quantity), expected: "an integer in \(range.lowerBound)...\(range.upperBound)", found)
      }
      return size
    }

    func activation() throws(ModelSpecError) -> Activation {
      let found = value("activation")
      switch found?.string {
      case "gelu": return .gelu
      case "gelu_new", "gelu_pytorch_tanh": return .geluTanh
      case "relu": return .relu
      default:
        throw file.failure(
          key("activation"), expected: "\"gelu\", \"gelu_new\", \"gelu_pytorch_tanh\" or \"relu\"", found)
      }
    }

    func epsilon() throws(ModelSpecError) -> Float {
      let found = value("layer_norm_epsilon")
      guard let epsilon = found?.double, epsilon >= 0, epsilon <= 1 else {
        throw file.failure(key("layer_norm_epsilon"), expected: "a number in 0...1", found)
      }
      return Float(epsilon)
    }

    func relativeBias() throws(ModelSpecError) -> RelativeBiasSpec? {
      guard let distance = family.relativeBiasMaximumDistance else { return nil }
      let buckets = try integer("relative_buckets", in: 4...2 * distance)
      guard buckets % 4 == 0 else {
        throw file.failure(
          key("relative_buckets"), expected: "a multiple of 4", .integer(Int64(buckets)))
      }
      return RelativeBiasSpec(buckets: buckets, maximumDistance: distance)
    }
  }
}
