import TaperJSON
import TaperPlanFormat

/// config.json, read with the keys and defaults of the family's description.
struct EncoderConfig {
  let family: FamilyDescription
  let shape: ModelShape
  let form: EncoderForm
  let activation: Activation
  /// Of the dense layer before a classifier.
  let poolerActivation: Activation
  /// Of the dense layer of a masked language model's head.
  let languageActivation: Activation
  /// Whether a masked language model's last product is by the word embeddings.
  let tiesEmbeddings: Bool
  /// What a classifier of sequences reads.
  let classifierPooling: Pooling
  let layerNormEpsilon: Float
  /// Rows of the position table, or positions that rotary angles are for.
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
      guard let found = file.member(path: key), found != required else { continue }
      if let found = found.double, found == required.double { continue }
      throw file.failure(
        key, expected: required.isNull ? "absent: this variant is not supported" : required.serialized(),
        found)
    }
    let reader = ConfigReader(file: file, family: family)
    let layersInGroup =
      family.config["layers_in_group"] == nil ? 1 : try reader.integer("layers_in_group", in: 1...1000)
    shape = ModelShape(
      hidden: try reader.integer("hidden", in: 1...65536),
      layers: try reader.integer("layers", in: 1...1000 / layersInGroup) * layersInGroup,
      heads: try reader.integer("heads", in: 1...1024),
      feedForward: try reader.integer("feed_forward", in: 1...1_048_576),
      vocabulary: try reader.integer("vocabulary", in: 1...16_777_216),
      tokenTypes: try reader.tokenTypes())
    guard shape.hidden % shape.heads == 0 else {
      throw file.failure(
        reader.key("heads"), expected: "a divisor of the hidden size \(shape.hidden)",
        .integer(Int64(shape.heads)))
    }
    positions = try reader.integer("positions", in: family.positionOffset + 1...65535)
    activation = try reader.activation("activation")
    poolerActivation =
      family.config["pooler_activation"] == nil ? .tanh : try reader.activation("pooler_activation")
    languageActivation =
      family.config["language_activation"] == nil ? activation : try reader.activation("language_activation")
    tiesEmbeddings =
      file.member("tie_word_embeddings") == nil ? true : try file.bool("tie_word_embeddings")
    classifierPooling =
      family.config["classifier_pooling"] == nil
      ? .cls
      : try Pooling(
        named: reader.string("classifier_pooling"), in: file, key: reader.key("classifier_pooling"))
    layerNormEpsilon = try reader.epsilon()
    form = try reader.form(shape, layersInGroup: layersInGroup)
    relativeBias = try reader.relativeBias()
    classifier = isEmbedder ? nil : try Self.classifier(file, family)
  }

  /// The steps of a masked language model's head, on every token's state: dense, norm and a logit for every token of
  /// the vocabulary.
  func languageHead() -> [HeadStep] {
    let (width, vocabulary) = (form.embeddingWidth, Int(shape.vocabulary))
    return [
      HeadStep(
        .dense(weight: .lmDenseWeight, bias: .lmDenseBias, languageActivation), width: width, name: "lm.dense"
      ),
      HeadStep(
        .layerNorm(gamma: .lmNormGamma, beta: .lmNormBeta, epsilon: layerNormEpsilon), width: width,
        name: "lm.norm"),
      HeadStep(
        .dense(weight: .lmDecoderWeight, bias: .lmDecoderBias, .none), width: vocabulary, name: "lm.decoder"),
    ]
  }

  /// The steps of the family's dense layer before a classifier; none where it has none.
  func pooler(ofTokens: Bool) -> [HeadStep] {
    let tensors = family.head(ofTokens: ofTokens)
    guard tensors[.poolerWeight] != nil else { return [] }
    return HeadStep.pooler(
      poolerActivation, norm: tensors[.poolerNormGamma] == nil ? nil : layerNormEpsilon,
      width: Int(shape.hidden))
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
}
