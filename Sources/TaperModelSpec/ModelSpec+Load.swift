import TaperBase
import TaperPlanFormat
import TaperTokenization

extension ModelSpec {
  /// Reads a Hugging Face model directory, with sentence-transformers' files and a fitted head where present.
  ///
  /// The head is the first of these: taper_head.json; modules.json (pooling, normalisation); a classification
  /// architecture in config.json; an embedding with the family's default pooling, not normalised. An unused pooler is
  /// ignored.
  ///
  /// Results of tools/tune (`TunedSpec`) are read with their tensors; specs/tuned-checkpoints.md.
  ///
  /// Weights are mapped, not read; every tensor's type and shape is checked against config.json.
  /// - Throws: the file and the key or tensor that is missing or wrong, with what was expected and found.
  public static func load(directory: String) throws(ModelSpecError) -> ModelSpec {
    let modules = try SentenceModules(directory: directory)
    let base = modules?.transformerDirectory ?? directory
    guard let configFile = try JSONFile(ifPresent: base + "/config.json") else {
      throw .fileMissing(directory: base, anyOf: ["config.json"])
    }
    let config = try EncoderConfig(configFile)
    let hidden = Int(config.shape.hidden)
    try modules?.check(hidden: hidden)
    let sequenceFile = try JSONFile(ifPresent: base + "/sentence_bert_config.json")
    let fitted = try FittedHead(directory: directory, hidden: hidden)
    let head = fitted?.spec ?? headSpec(config, modules)

    let tuned = try TunedSpec(configFile, shape: config.shape, head: head)

    let checkpoint = try CheckpointFiles(directory: base)
    var sources = try checkpoint.locate(
      roles(config, head: head, fitted: fitted != nil), family: config.family,
      classifiesTokens: head.pooling == .tokens)
    if let fitted { sources.merge(fitted.sources) { $1 } }
    if let tuned {
      sources.merge(try checkpoint.locate(named: tuned.roles(hidden: hidden))) { $1 }
    }

    let tokenizer = try ModelTokenizer.load(directory: base, vocabulary: Int(config.shape.vocabulary))

    var parts: [ModelDigest.Part] = [.bytes("config", configFile.bytes)]
    if let modules {
      parts += [.bytes("modules", modules.modulesFile.bytes), .bytes("pooling", modules.poolingFile.bytes)]
    }
    if let sequenceFile { parts.append(.bytes("sequence", sequenceFile.bytes)) }
    parts += checkpoint.files.map { .weights("weights", $0) }
    if let fitted {
      parts += [.bytes("head", fitted.descriptionFile.bytes), .weights("head-weights", fitted.weightsFile)]
    }

    return ModelSpec(
      directory: directory, name: FilePath.name(directory), family: config.family.family,
      shape: config.shape,
      activation: config.activation, layerNormEpsilon: config.layerNormEpsilon,
      positionOffset: config.family.positionOffset, maximumLength: try maximumLength(config, sequenceFile),
      relativeBias: config.relativeBias, head: head, tuned: tuned, tokenizer: tokenizer,
      tokenizerDigest: SHA256.digest(of: tokenizer.encoded()), weights: CheckpointWeights(sources: sources),
      digest: ModelDigest(parts))
  }

  private static func headSpec(_ config: EncoderConfig, _ modules: SentenceModules?) -> HeadSpec {
    if modules == nil, let classifier = config.classifier {
      let isOfTokens = classifier.kind == .tokenClassification
      return HeadSpec(
        kind: classifier.kind, pooling: isOfTokens ? .tokens : .cls, normalized: false,
        labels: classifier.labels,
        outputWidth: classifier.outputs, hasPooler: !isOfTokens && config.family.classifierHasPooler,
        hasLinear: true)
    }
    return HeadSpec(
      kind: .embedding, pooling: modules?.pooling ?? config.family.defaultPooling,
      normalized: modules?.normalized ?? false, labels: [], outputWidth: Int(config.shape.hidden),
      hasPooler: false, hasLinear: false)
  }

  /// The tensors this model must have, with their shapes; without those of a fitted head.
  private static func roles(_ config: EncoderConfig, head: HeadSpec, fitted: Bool) -> [(TensorRole, [Int])] {
    let shape = config.shape
    let hidden = Int(shape.hidden)
    let feedForward = Int(shape.feedForward)
    var roles: [(TensorRole, [Int])] = [
      (.wordEmbedding, [Int(shape.vocabulary), hidden]), (.positionEmbedding, [config.positions, hidden]),
      (.embeddingNormGamma, [hidden]), (.embeddingNormBeta, [hidden]),
    ]
    if shape.tokenTypes > 0 { roles.append((.tokenTypeEmbedding, [Int(shape.tokenTypes), hidden])) }
    if let relativeBias = config.relativeBias {
      roles.append((.relativeBias, [relativeBias.buckets, Int(shape.heads)]))
    }
    for layer in 1...Int(shape.layers) {
      roles += LayerPart.allCases.map { part in
        (.layer(layer, part), part.shape(hidden: hidden, feedForward: feedForward))
      }
    }
    if head.hasPooler { roles += [(.poolerWeight, [hidden, hidden]), (.poolerBias, [hidden])] }
    if head.hasLinear && !fitted {
      roles += [(.headWeight, [head.outputWidth, hidden]), (.headBias, [head.outputWidth])]
    }
    return roles
  }

  private static func maximumLength(_ config: EncoderConfig, _ sequence: JSONFile?) throws(ModelSpecError)
    -> Int
  {
    let reach = config.positions - config.family.positionOffset
    guard let sequence, sequence.member("max_seq_length") != nil else { return reach }
    return min(reach, try sequence.integer("max_seq_length", in: 1...Int(Int32.max)))
  }
}
