import TaperBase
import TaperJSON
import TaperModelSpec
import TaperPlanFormat
import TaperTokenization
import TestSupport
import Testing

/// Folders as sentence-transformers 2 to 6 save them, each with what the package itself makes of it.
@Suite struct SentenceTransformersTests {
  private let directory = TemporaryDirectory()

  /// A copy of a fixture with some of its files replaced, or removed with nil.
  private func load(
    of base: TinyModel = .bertOldNames, config: [(String, JSONValue?)] = [], _ files: [(String, String?)]
  ) throws -> ModelSpec {
    try base.copy(to: directory, config: config)
    for (name, text) in files {
      if let text { directory.write(name, text) } else { directory.remove(name) }
    }
    return try ModelSpec.load(directory: directory.path)
  }

  // MARK: The longest input

  /// The settings' own length, else the tokenizer's, and never more than there are positions (32).
  @Test(
    arguments: [
      (#"{"max_seq_length": 24}"#, 16, 24), (#"{"max_seq_length": 99}"#, 16, 32),
      (#"{"max_seq_length": 24, "tokenizer_args": {"model_max_length": 12}}"#, 16, 12),
      (#"{"max_seq_length": 24, "processor_kwargs": {"model_max_length": 12}}"#, 16, 12),
      (#"{"transformer_task": "feature-extraction", "module_output_name": "token_embeddings"}"#, 16, 16),
      (#"{"max_seq_length": null}"#, 16, 16), (#"{}"#, 16, 16), (nil, 16, 16), (nil, 999, 32), (nil, nil, 32),
    ] as [(String?, Int?, Int)])
  func longestInput(settings: String?, tokenizer: Int?, expected: Int) throws {
    let model = try load([
      ("sentence_bert_config.json", settings),
      ("tokenizer_config.json", tokenizer.map { #"{"model_max_length": \#($0)}"# } ?? "{}"),
    ])
    #expect(model.maximumLength == expected)
  }

  @Test func noLimitIsWrittenAsAHugeNumber() throws {
    let model = try load([
      ("sentence_bert_config.json", nil),
      ("tokenizer_config.json", #"{"model_max_length": 1000000000000000019884624838656}"#),
    ])
    #expect(model.maximumLength == 32 && model.lengthSource == .positions)
  }

  @Test func theSettingsHadOtherNames() throws {
    let model = try load([
      ("sentence_bert_config.json", nil), ("sentence_roberta_config.json", #"{"max_seq_length": 20}"#),
    ])
    #expect(model.maximumLength == 20)
    #expect(model.lengthSource == .sequenceConfig(file: "sentence_roberta_config.json"))
  }

  @Test(arguments: [
    #"{"transformer_task": "fill-mask"}"#, #"{"transformer_task": "sequence-classification"}"#,
    #"{"config_args": {"num_hidden_layers": 1}}"#, #"{"processor_kwargs": {"padding_side": "left"}}"#,
    #"{"query_length": 32}"#, #"{"max_seq_length": 0}"#,
    #"{"processing_kwargs": {"text": {"max_length": 7}}}"#,
    #"{"module_output_name": "sentence_embedding"}"#,
    #"{"modality_config": {"text": {"method": "forward", "method_output_name": "pooler_output"}}}"#,
  ])
  func settingsThatMakeAnotherModelAreRefused(settings: String) throws {
    #expect(throws: ModelSpecError.self) { try load([("sentence_bert_config.json", settings)]) }
  }

  // MARK: Inputs

  /// tokenizer_config.json says whether the model is told which text of a pair a token is of.
  @Test(arguments: [
    (#"{}"#, [0, 1]), (#"{"model_input_names": ["input_ids", "attention_mask"]}"#, [0]),
    (#"{"model_input_names": ["input_ids", "token_type_ids", "attention_mask"]}"#, [0, 1]),
    (#"{"tokenizer_class": "BertTokenizer"}"#, [0, 1]),
  ])
  func typesOfTokens(config: String, types: [UInt32]) throws {
    let model = try load([("tokenizer_config.json", config)])
    let encoding = model.tokenizer.encode("a", pair: "b", maximumLength: 12)
    #expect(Set(encoding.typeIDs).sorted() == types && encoding.ids.count == 5)
  }

  // MARK: Modules

  private static func modules(_ modules: [(String, String)]) -> String {
    "[" + modules.map { #"{"type": "\#($0.0)", "path": "\#($0.1)"}"# }.joined(separator: ", ") + "]"
  }

  /// Where the package keeps its modules, from version to version.
  @Test(arguments: [
    ("sentence_transformers.models", "sentence_transformers.models"),
    ("sentence_transformers.models.Transformer", "sentence_transformers.models.Pooling"),
    (
      "sentence_transformers.base.modules.transformer",
      "sentence_transformers.sentence_transformer.modules.pooling"
    ),
  ])
  func modulePaths(transformer: String, pooling: String) throws {
    let chain = [
      ("\(transformer).Transformer", ""), ("\(pooling).Pooling", "./1_Pooling"),
      ("sentence_transformers.models.Dropout", "2_Dropout"),
      ("sentence_transformers.models.Normalize", "3_Normalize"),
    ]
    let model = try load([("modules.json", Self.modules(chain))])
    #expect(model.head.pooling == .cls && model.head.normalized)
  }

  @Test(arguments: [
    (#"{"pooling_mode": "mean"}"#, Pooling.mean), (#"{"pooling_mode": ["cls"]}"#, .cls),
    (#"{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}"#, .cls),
    (#"{"pooling_mode": "mean", "pooling_mode_cls_token": true}"#, .mean),
    (#"{"embedding_dimension": 24}"#, .mean), (#"{"pooling_mode_max_tokens": true}"#, .max),
    (#"{"pooling_mode": "mean_sqrt_len_tokens"}"#, .meanSqrtLength),
    (#"{"pooling_mode_weightedmean_tokens": true}"#, .weightedMean),
    (#"{"pooling_mode": "lasttoken"}"#, .lastToken),
  ])
  func poolingOfAnyAge(config: String, expected: Pooling) throws {
    #expect(try load([("1_Pooling/config.json", config)]).head.pooling == expected)
  }

  @Test(arguments: [
    ("1_Pooling/config.json", #"{"pooling_mode": "mean", "embedding_dimension": 48}"#),
    ("2_Normalize/config.json", #"{"module_input_name": "token_embeddings"}"#),
    (
      "modules.json",
      #"[{"type": "custom_st.Transformer", "path": ""}, {"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"}]"#
    ),
    (
      "modules.json",
      #"[{"type": "sentence_transformers.models.BoW", "path": ""}]"#
    ),
  ])
  func whatWouldAnswerOtherwiseIsRefused(file: String, text: String) throws {
    try TinyModel.bertOldNames.copy(to: directory)
    directory.write(file, text)
    guard case .value(let path, _, _, _)? = TinyModel.error(loading: directory.path) else {
      Issue.record("expected a refusal of a value")
      return
    }
    #expect(path.hasSuffix(file))
  }

  /// With modules.json the result is a vector, whatever head the weights came from.
  @Test func theArchitectureOfAnEmbedderDoesNotMatter() throws {
    for name in ["BertForQuestionAnswering", "BertForSomethingOfOurs", "BertForSequenceClassification"] {
      #expect(try load(config: [("architectures", [.string(name)])], []).head.kind == .embedding)
    }
  }

  // MARK: Cross-encoders and their activation

  private static let crossEncoder = [
    ("modules.json", modules([("sentence_transformers.base.modules.transformer.Transformer", "")])),
    (
      "sentence_bert_config.json",
      #"{"transformer_task": "sequence-classification", "module_output_name": "scores"}"#
    ),
  ]

  @Test func aCrossEncoderOfVersionSixIsAClassifier() throws {
    let model = try load(of: .bertClassifier, Self.crossEncoder)
    #expect(model.head.kind == .classification && model.head.labels.count == 3)
  }

  @Test(
    arguments: [
      (nil, nil, true), ("torch.nn.modules.linear.Identity", nil, false),
      ("torch.nn.modules.activation.Sigmoid", nil, true), (nil, "torch.nn.modules.linear.Identity", false),
      ("torch.nn.modules.linear.Identity", "torch.nn.modules.activation.Sigmoid", false),
    ] as [(String?, String?, Bool)])
  func oneScoreIsItsSigmoidUnlessToldOtherwise(settings: String?, config: String?, sigmoid: Bool) throws {
    let files: [(String, String?)] =
      Self.crossEncoder
      + (settings.map { [("config_sentence_transformers.json", #"{"activation_fn": "\#($0)"}"#)] } ?? [])
    let named: JSONValue? = config.map { .object(JSONObject([("activation_fn", .string($0))])) }
    let model = try load(
      of: .mpnetRegression,
      config: [
        ("problem_type", nil), ("sentence_transformers", named),
        ("architectures", ["MPNetForSequenceClassification"]),
      ],
      files)
    #expect(model.head.kind == .regression && model.head.hasSigmoid == sigmoid)
  }

  @Test func aNamedRegressionStaysAsItIs() throws {
    #expect(
      try load(of: .mpnetRegression, config: [("problem_type", "regression")], []).head.hasSigmoid == false)
    #expect(try load(of: .mpnetRegression, config: [("problem_type", nil)], []).head.hasSigmoid)
    let old: [(String, JSONValue?)] = [
      ("problem_type", nil), ("sbert_ce_default_activation_function", "torch.nn.modules.linear.Identity"),
    ]
    #expect(try load(of: .mpnetRegression, config: old, []).head.hasSigmoid == false)
    #expect(throws: ModelSpecError.self) {
      try load(
        of: .mpnetRegression,
        config: [("sbert_ce_default_activation_function", "torch.nn.modules.activation.Tanh")], [])
    }
  }

  // MARK: Prompts

  @Test func promptsAndTheDefaultAmongThem() throws {
    let settings =
      #"{"prompts": {"query": "query: ", "passage": "passage: ", "none": ""}, "default_prompt_name": "query"}"#
    let plain = try load([])
    let model = try load([("config_sentence_transformers.json", settings)])
    #expect(model.prompts.all.map(\.name) == ["query", "passage", "none"])
    #expect(model.prompts.defaultName == "query" && model.prompts.before("x") == "query: x")
    #expect(model.modelDigest != plain.modelDigest, "another default prompt is another model")
    #expect(model.prompts.choosing(.named("passage"))?.before("x") == "passage: x")
    #expect(model.prompts.choosing(.named("none"))?.before("x") == "x")
    #expect(model.prompts.choosing(.named("document")) == nil)
    #expect(model.prompts.choosing(.none)?.before("x") == "x")
  }

  @Test(arguments: [
    #"{"prompts": {"query": "query: "}, "default_prompt_name": "passage"}"#, #"{"prompts": {"query": 1}}"#,
    #"{"truncate_dim": 16}"#,
  ])
  func promptsThatAreNone(settings: String) throws {
    #expect(throws: ModelSpecError.self) { try load([("config_sentence_transformers.json", settings)]) }
  }

  @Test func adaptersAndSplitTokensAreRefused() throws {
    #expect(throws: ModelSpecError.self) { try load([("adapter_config.json", "{}")]) }
    #expect(throws: ModelSpecError.self) {
      try load([("adapter_config.json", nil), ("tokenizer_config.json", #"{"split_special_tokens": true}"#)])
    }
  }

  @Test func aPromptMayBeLeftOutOfThePooling() throws {
    let pooling = ("1_Pooling/config.json", #"{"pooling_mode": "mean", "include_prompt": false}"#)
    let prompts = ("config_sentence_transformers.json", #"{"prompts": {"query": "query: "}}"#)
    #expect(try !load([pooling]).leavesPromptOut, "there is none")
    #expect(try load([pooling, prompts]).leavesPromptOut)
    let first = ("1_Pooling/config.json", #"{"pooling_mode": "cls", "include_prompt": false}"#)
    #expect(throws: ModelSpecError.self) { try load([first, prompts]) }
  }

  // MARK: Modules with weights

  @Test(arguments: [
    ("2_Dense/config.json", #"{"in_features": 17, "out_features": 10, "bias": true}"#),
    ("2_Dense/config.json", #"{"in_features": 18, "out_features": 11, "bias": true}"#),
    (
      "2_Dense/config.json",
      #"{"in_features": 18, "out_features": 10, "activation_function": "custom.Act"}"#
    ),
    ("2_Dense/config.json", #"{"in_features": 18, "out_features": 10, "use_residual": true}"#),
    (
      "2_Dense/config.json",
      #"{"in_features": 18, "out_features": 10, "module_input_name": "token_embeddings"}"#
    ),
    ("2_Dense/model.safetensors", nil),
  ])
  func otherDenseLayersAreRefused(file: String, text: String?) throws {
    #expect(throws: ModelSpecError.self) { try load(of: .poolMax, [(file, text)]) }
  }

  @Test(arguments: [
    ("config_sentence_transformers.json", #"{"model_type": "SparseEncoder", "max_active_dims": 64}"#),
    ("1_SpladePooling/config.json", #"{"pooling_strategy": "mean"}"#),
    ("1_SpladePooling/config.json", #"{"activation_function": "gelu"}"#),
    ("1_SpladePooling/config.json", #"{"embedding_dimension": 91}"#),
    ("sentence_bert_config.json", #"{"transformer_task": "feature-extraction"}"#),
  ])
  func otherSparseEncodersAreRefused(file: String, text: String) throws {
    #expect(try load(of: .splade, []).head.kind == .sparse)
    #expect(throws: ModelSpecError.self) { try load(of: .splade, [(file, text)]) }
  }

  @Test(arguments: [
    ("2_MultiVectorMask/config.json", #"{"keep_only_token_ids": [4]}"#),
    ("config_sentence_transformers.json", #"{"similarity_fn_name": "mean_maxsim"}"#),
    ("sentence_bert_config.json", #"{"query_expansion": {"strategy": "fixed", "length": 99}}"#),
    ("sentence_bert_config.json", #"{"query_expansion": {"strategy": "other", "length": 9}}"#),
    (
      "1_Dense/config.json",
      #"{"in_features": 18, "out_features": 8, "module_input_name": "sentence_embedding"}"#
    ),
  ])
  func otherTokenVectorsAreRefused(file: String, text: String) throws {
    #expect(try load(of: .colbert, []).interaction?.expansion?.length == 10)
    #expect(throws: ModelSpecError.self) { try load(of: .colbert, [(file, text)]) }
  }

  @Test func aPickledModuleHasARemedy() throws {
    try TinyModel.poolMax.copy(to: directory)
    directory.remove("2_Dense/model.safetensors")
    let path = directory.write("2_Dense/pytorch_model.bin", "x")
    #expect(TinyModel.error(loading: directory.path) == .pickledWeights(path: path))
  }

  @Test(arguments: ["model.onnx", "onnx/model.onnx", "openvino/openvino_model.xml"])
  func aFolderThatHasOnlyAGraphIsToldToNameIt(name: String) throws {
    try TinyModel.bertOldNames.copy(to: directory)
    directory.remove("model.safetensors")
    let graph = directory.write(name, "x")
    directory.write("pytorch_model.bin", "PK")
    #expect(TinyModel.error(loading: directory.path) == .onlyGraph(directory: directory.path, path: graph))
  }

  @Test func aDenseThatNamesNoActivationHasTanh() throws {
    let text = #"{"in_features": 18, "out_features": 10}"#
    let model = try load(of: .poolMax, [("2_Dense/config.json", text)])
    guard case .dense(_, _, .tanh) = model.head.steps[1].operation else {
      Issue.record("found \(model.head.steps[1])")
      return
    }
    #expect(model.head.outputWidth == 10 && model.head.steps[0] == .pool(.max, width: 18))
  }

  // MARK: Files that are not what they should be

  @Test func everyFaultIsToldAtOnce() throws {
    try TinyModel.bertOldNames.copy(to: directory, config: [("model_type", nil)])
    directory.remove("model.safetensors")
    directory.write("pytorch_model.bin", "PK")
    guard case .several(let errors)? = TinyModel.error(loading: directory.path) else {
      Issue.record("expected two faults")
      return
    }
    guard case .modelTypeMissing(directory.path + "/config.json", let known)? = errors.first else {
      Issue.record("expected the missing model_type first, found \(errors)")
      return
    }
    #expect(known.contains("bert") && known.contains("mpnet"))
    #expect(errors.dropFirst() == [.pickledWeights(path: directory.path + "/pytorch_model.bin")])
  }

  @Test(arguments: [
    ("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 90868376\n", "git lfs pull"),
    (
      "\n<!DOCTYPE html>\n<html><body>404</body></html>\n<p>.............................................",
      "web page"
    ),
    (
      "PK\u{3}\u{4}archive/data.pkl..............................................................",
      "zip archive"
    ),
  ])
  func whatWasDownloadedInstead(content: String, words: String) throws {
    for name in ["model.safetensors", "config.json"] {
      try TinyModel.bertOldNames.copy(to: directory)
      directory.write(name, content)
      guard
        case .foreignContent(directory.path + "/" + name, let found)? = TinyModel.error(
          loading: directory.path)
      else {
        Issue.record("\(name): expected it to be recognised")
        continue
      }
      #expect(found.description.contains(words))
    }
  }

  @Test func onlyTheTensorsThatAreNeededMatter() throws {
    try TinyModel.mpnet.copy(to: directory)
    let tensors = try TinyModel.mpnet.tensors()
    let scale = RawTensor(name: "quantizer.scale", type: "F8_E8M0", shape: [3], data: [1, 2, 3])
    directory.write("model-1.safetensors", RawTensor.file(tensors + [scale]))
    directory.remove("model.safetensors")
    let map = (tensors.map(\.name) + ["not.there"]).map { #""\#($0)": "model-1.safetensors""# }
    directory.write("model.safetensors.index.json", #"{"weight_map": {\#(map.joined(separator: ", "))}}"#)
    #expect(try ModelSpec.load(directory: directory.path).has(.wordEmbedding))
  }

  // MARK: What a breaker found

  /// Queries and documents have prompts of their own, empty unless named; other names are no stand-ins.
  @Test(arguments: [
    (#"{"document": "it is "}"#, "", "it is "), (#"{"query": "the ", "passage": "it is "}"#, "the ", ""),
    (#"{"corpus": "it is "}"#, "", ""), (#"{"query": "the ", "document": "it is "}"#, "the ", "it is "),
  ])
  func promptsOfQueriesAndDocuments(prompts: String, query: String, document: String) throws {
    let model = try load(of: .colbert, [("config_sentence_transformers.json", "{\"prompts\": \(prompts)}")])
    let name = try #require(model.interaction?.queryPrompt)
    #expect(model.prompts.text(named: name) == query && model.prompts.before("") == document)
  }

  /// Where the file has a decoder of its own, the reference takes it, tied or not.
  @Test(arguments: [true, false])
  func aDecoderInTheFileCounts(isTied: Bool) throws {
    try TinyModel.splade.copy(to: directory, config: [("tie_word_embeddings", .bool(isTied))])
    let file = try SafetensorsFile(path: directory.path + "/model.safetensors")
    var writer = SafetensorsWriter()
    var words: [Int] = []
    for tensor in file.tensors where !tensor.name.contains("decoder.") {
      writer.add(tensor.name, shape: tensor.shape, values: try file.floats(tensor.name))
      if tensor.name.hasSuffix("word_embeddings.weight") { words = tensor.shape }
    }
    let (rows, width) = (words[0], words[1])
    let weight = (0..<rows * width).map { Float($0 % 7) / 8 }
    let bias = (0..<rows).map { Float($0 % 5) - 2 }
    writer.add("cls.predictions.decoder.weight", shape: [rows, width], values: weight)
    writer.add("cls.predictions.decoder.bias", shape: [rows], values: bias)
    try writer.write(to: directory.path + "/other.safetensors")
    directory.write("model.safetensors", TestFile.bytes(directory.path + "/other.safetensors"))
    let model = try ModelSpec.load(directory: directory.path)
    #expect(try model.tensor(.lmDecoderWeight) == weight && model.tensor(.lmDecoderBias) == bias)
    #expect(model.ignoredTensors.contains("cls.predictions.bias"))
  }

  /// A Transformer that was saved for nothing in particular gives states, not logits.
  @Test func aSparseEncoderNamesItsTask() {
    #expect(throws: ModelSpecError.self) {
      try load(of: .splade, [("sentence_bert_config.json", nil)])
    }
  }

  @Test(arguments: [#"{"pooling_mode_max_tokens": 1}"#, #"{"pooling_mode_cls_token": "false"}"#])
  func poolingFlagsAreTrueOrFalse(pooling: String) {
    #expect(throws: ModelSpecError.self) { try load(of: .poolMax, [("1_Pooling/config.json", pooling)]) }
  }

  /// The prompt that a head was fitted with goes with it.
  @Test func aHeadKeepsItsPrompt() throws {
    var model = try ModelSpec.load(directory: TinyModel.prompts.path)
    try #require(model.prompts.defaultName != nil)
    model.prompts.defaultName = nil
    let target = directory.path + "/fitted"
    try ModelDirectoryWriter.write(
      base: model, weight: [Float](repeating: 0, count: 2 * model.head.featureWidth), bias: [0, 0],
      labels: ["a", "b"], to: target)
    let fitted = try ModelSpec.load(directory: target)
    #expect(fitted.prompts.defaultName == nil && fitted.prompts.all == model.prompts.all)
  }
}
