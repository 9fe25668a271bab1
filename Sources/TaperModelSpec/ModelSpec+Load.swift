import TaperBase
import TaperJSON
import TaperPlanFormat
import TaperTokenization

extension ModelSpec {
  /// Reads a Hugging Face model directory, with sentence-transformers' files and a fitted head where present.
  ///
  /// The head is the first of these: taper_head.json; modules.json (pooling and normalisation, or a cross-encoder's
  /// classification head); a classification architecture in config.json; an embedding with the family's default
  /// pooling, not normalised. An unused pooler is ignored.
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
    let (config, checkpoint) = try readable(
      { () throws(ModelSpecError) in
        try EncoderConfig(
          configFile, isEmbedder: modules.map { $0.task != .classification } ?? isStanfords(configFile))
      },
      { () throws(ModelSpecError) in try CheckpointFiles(directory: base) })
    if let adapter = try JSONFile(ifPresent: base + "/adapter_config.json") {
      throw .value(
        path: adapter.path, key: "the folder",
        expected: "weights with the adapter merged into them (PEFT's "
          + "merge_and_unload)", found: "an adapter beside them")
    }
    let hidden = Int(config.shape.hidden)
    var sentence = try modules?.head(hidden: hidden)
    let settings = try SentenceSettings(directory: directory)
    let sequence = try SequenceConfig(
      directory: base, standard: modules?.standardTask ?? .embedding,
      isMultiVector: modules?.isMultiVector ?? false)
    try checkTask(modules, sequence)
    var interaction: InteractionSettings?
    if modules == nil, isStanfords(configFile) {
      sentence = try stanfords(checkpoint, hidden: hidden, directory: base)
      interaction = try InteractionSettings(
        stanford: JSONFile(ifPresent: base + "/artifact.metadata"))
    } else if let modules, modules.isMultiVector {
      interaction = try InteractionSettings(settings, sequence: sequence?.file, mask: modules.mask)
    }
    if interaction?.impliesNormalize == true { sentence?.addNormalize() }
    try interaction?.check(config, configFile)
    let fitted = try FittedHead(
      directory: directory, hidden: hidden, modules: sentence?.steps, pooler: config.pooler(ofTokens: false))
    let head =
      if let fitted { fitted.spec } else { try headSpec(config, configFile, sentence, modules, settings) }
    var prompts = try prompts(settings, modules)
    if let interaction {
      prompts = Prompts(
        interaction.prompts.map { Prompts.Prompt(name: $0.name, text: $0.text) },
        defaultName: "document")
    }

    let tuned = try TunedSpec(configFile, shape: config.shape, form: config.form, head: head)

    let reader = ConfigReader(file: configFile, family: config.family)
    let tensors = TensorList(
      config, hasPositionTable: try reader.hasPositionTable(config.form), head: head, fitted: fitted != nil)
    var form = config.form
    var sources = try checkpoint.locate(tensors, reader, absent: &form.absent)
    if let fitted { sources.merge(fitted.sources) { $1 } }
    if let sentence, head.followsModules || head.kind == .tokenVectors {
      sources.merge(sentence.sources) { $1 }
      form.absent.formUnion(sentence.absent)
    }
    if let tuned {
      sources.merge(
        try checkpoint.locate(named: tuned.roles(hidden: hidden, vocabulary: Int(config.shape.vocabulary)))
      ) { $1 }
    }

    var tokenizer = try ModelTokenizer.load(directory: base, vocabulary: Int(config.shape.vocabulary))
    var (maximumLength, lengthSource) = try longest(config, sequence, directory: base)
    var late: LateInteraction?
    if let interaction {
      for marker in interaction.markers {
        tokenizer = try ModelTokenizer.wrapping(base) { () throws(TokenizerError) in
          try tokenizer.taking(marker: marker)
        }
      }
      late = try interaction.resolved(
        tokenizer, mask: TokenizerSettings(directory: base).content("mask_token"), path: base)
      let reach = config.positions - config.family.positionOffset
      if let length = interaction.longest, length <= reach {
        (maximumLength, lengthSource) = (length, .queriesAndDocuments)
      }
      if let length = late?.expansion?.length, length > maximumLength {
        throw .value(
          path: base, key: "query_expansion", expected: "at most \(maximumLength) tokens", found: "\(length)")
      }
    }

    var parts: [ModelDigest.Part] = [.bytes("config", configFile.bytes)]
    if let modules { parts.append(.bytes("modules", modules.modulesFile.bytes)) }
    if let sentence { parts += sentence.parts }
    if let splade = modules?.splade { parts.append(.bytes("pooling", splade.file.bytes)) }
    if let sequence { parts.append(.bytes("sequence", sequence.file.bytes)) }
    if let settings, prompts.changeTexts || settings.activation != nil || interaction != nil {
      parts.append(.bytes("settings", settings.file.bytes))
    }
    parts += (interaction?.files ?? []).map { .bytes("interaction", $0.bytes) }
    parts += checkpoint.files.map { .weights("weights", $0) }
    if let fitted {
      parts += [.bytes("head", fitted.descriptionFile.bytes), .weights("head-weights", fitted.weightsFile)]
    }

    return ModelSpec(
      directory: directory, name: FilePath.name(directory), family: config.family.family,
      shape: config.shape, form: form,
      activation: config.activation, layerNormEpsilon: config.layerNormEpsilon,
      positionOffset: config.family.positionOffset, maximumLength: maximumLength, lengthSource: lengthSource,
      relativeBias: config.relativeBias, head: head, headDataDigest: fitted?.dataDigest, prompts: prompts,
      leavesPromptOut: prompts.changeTexts && modules?.pooling?.includesPrompt == false,
      interaction: late, tuned: tuned, tokenizer: tokenizer,
      tokenizerDigest: SHA256.digest(of: tokenizer.encoded()),
      ignoredTensors: checkpoint.names(without: sources), weights: CheckpointWeights(sources: sources),
      digest: ModelDigest(parts))
  }

  /// Both, or all that is wrong at once, so that nobody mends one fault only to be told the next.
  private static func readable<A, B>(
    _ first: () throws(ModelSpecError) -> A, _ second: () throws(ModelSpecError) -> B
  ) throws(ModelSpecError) -> (A, B) {
    let one: A
    do throws(ModelSpecError) { one = try first() } catch let fault {
      do throws(ModelSpecError) { _ = try second() } catch { throw .several([fault, error]) }
      throw fault
    }
    return (one, try second())
  }

  private static func checkTask(_ modules: SentenceModules?, _ sequence: SequenceConfig?)
    throws(ModelSpecError)
  {
    guard let modules else { return }
    let found = sequence?.task ?? modules.standardTask
    guard found == modules.task else {
      throw (sequence?.file ?? modules.modulesFile).failure(
        "transformer_task",
        expected:
          "\"\(modules.task.rawValue)\" in sentence_bert_config.json, for the modules in modules.json",
        .string(found.rawValue))
    }
  }

  /// Whether config.json is of Stanford's ColBERT, which has its projection among the encoder's tensors.
  private static func isStanfords(_ file: JSONFile) -> Bool {
    file.value["architectures"]?.array?.contains("HF_ColBERT") ?? false
  }

  private static func stanfords(
    _ checkpoint: CheckpointFiles, hidden: Int, directory: String
  ) throws(ModelSpecError) -> SentenceHead {
    guard let shape = checkpoint.shape(of: "linear.weight"), let outputs = shape.first else {
      throw .tensorMissing(path: directory, tensor: "the projection", tried: ["linear.weight"])
    }
    return SentenceHead(
      projection: try checkpoint.source("linear.weight", shape: [outputs, hidden]), hidden: hidden)
  }

  static func headSpec(
    _ config: EncoderConfig, _ file: JSONFile, _ sentence: SentenceHead?, _ modules: SentenceModules?,
    _ settings: SentenceSettings?
  ) throws(ModelSpecError) -> HeadSpec {
    if let sentence {
      let isPooled = modules?.pooling != nil
      return HeadSpec(kind: isPooled ? .embedding : .tokenVectors, steps: sentence.steps)
    }
    if let splade = modules?.splade {
      guard !config.family.languageTensors.isEmpty else {
        throw file.failure(
          "model_type", expected: "a family whose masked language model's head is described",
          file.value["model_type"])
      }
      let vocabulary = Int(config.shape.vocabulary)
      try splade.check(vocabulary: vocabulary)
      return HeadSpec(kind: .sparse, steps: config.languageHead() + splade.steps(vocabulary: vocabulary))
    }
    let hidden = Int(config.shape.hidden)
    guard let classifier = config.classifier else {
      guard modules == nil else {
        throw file.failure(
          "architectures", expected: "a sequence classifier: modules.json says that this is a cross-encoder",
          file.value["architectures"])
      }
      return HeadSpec(kind: .embedding, steps: [.pool(config.family.defaultPooling, width: hidden)])
    }
    if classifier.kind == .tokenClassification {
      return HeadSpec(
        kind: classifier.kind, steps: config.pooler(ofTokens: true), labels: classifier.labels,
        outputWidth: classifier.outputs, hasLinear: true)
    }
    let scores = try ScoreActivation(file, settings, outputs: classifier.outputs)
    return HeadSpec(
      kind: scores.kind(of: classifier),
      steps: [.pool(config.classifierPooling, width: hidden)] + config.pooler(ofTokens: false),
      labels: scores.kind(of: classifier) == .regression ? [] : classifier.labels,
      outputWidth: classifier.outputs, hasLinear: true, hasSigmoid: scores.isSigmoid(of: classifier))
  }

  private static func prompts(
    _ settings: SentenceSettings?, _ modules: SentenceModules?
  ) throws(ModelSpecError) -> Prompts {
    // Without modules.json the reference makes a new model, which has no prompts.
    guard let settings, let modules else { return Prompts() }
    let prompts = Prompts(
      settings.prompts.map { Prompts.Prompt(name: $0.name, text: $0.text) },
      defaultName: settings.defaultPrompt)
    if prompts.changeTexts, let pooling = modules.pooling, !pooling.includesPrompt, pooling.pooling == .cls {
      throw pooling.file.failure(
        "include_prompt", expected: "true: another first token than the text's is not supported", .bool(false)
      )
    }
    return prompts
  }

  /// As the reference: sentence-transformers' settings, else the tokenizer's; never beyond the last position.
  private static func longest(
    _ config: EncoderConfig, _ sequence: SequenceConfig?, directory: String
  ) throws(ModelSpecError) -> (Int, LengthSource) {
    let reach = config.positions - config.family.positionOffset
    if let sequence, let length = sequence.maximumLength {
      return length < reach
        ? (length, .sequenceConfig(file: FilePath.name(sequence.file.path))) : (reach, .positions)
    }
    guard let tokenizer = try JSONFile(ifPresent: "\(directory)/tokenizer_config.json"),
      let length = tokenizer.member("model_max_length")
    else { return (reach, .positions) }
    // "No limit" is written as 10³⁰.
    guard let number = length.double, number >= 1 else {
      throw tokenizer.failure("model_max_length", expected: "a number of tokens", length)
    }
    return number < Double(reach) ? (Int(number), .tokenizerConfig) : (reach, .positions)
  }
}
