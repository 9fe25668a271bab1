import TaperBase
import TaperJSON
import TaperModelSpec
import TaperPlanFormat
import TaperTokenization
import TestSupport
import Testing

/// What `ModelSpec.load` makes of sound directories.
@Suite struct LoadTests {
  @Test func bertClassifierHasItsLabelsAndPooler() throws {
    let model = try TinyModel.bertClassifier.load()
    #expect(model.family == "bert")
    #expect(model.name == "tiny-bert-classifier")
    #expect(
      model.shape
        == ModelShape(hidden: 24, layers: 2, heads: 3, feedForward: 40, vocabulary: 92, tokenTypes: 2))
    #expect(
      model.head
        == HeadSpec(
          kind: .classification,
          steps: [.pool(.cls, width: 24)] + HeadStep.pooler(.tanh, norm: nil, width: 24),
          labels: ["entailment", "neutral", "contradiction"], outputWidth: 3, hasLinear: true))
    #expect(model.maximumLength == 24)
    #expect(model.positionOffset == 0)
    #expect(model.relativeBias == nil)
    #expect(model.activation == .gelu)
    #expect(model.layerNormEpsilon == 1e-12)
    #expect(model.shape(of: .headWeight) == [3, 24])
    #expect(try model.tensor(.headWeight).count == 72)
  }

  @Test func oldNamesAndSentenceTransformersFilesAreUnderstood() throws {
    let model = try TinyModel.bertOldNames.load()
    #expect(
      model.head
        == HeadSpec(kind: .embedding, steps: [.pool(.cls, width: 24), .normalize(width: 24)]))
    #expect(model.maximumLength == 24, "max_seq_length is smaller than the 32 positions")
    #expect(model.activation == .relu)
    #expect(!model.has(.poolerWeight), "the pooler in the file is not used")
    #expect(try model.tensor(.embeddingNormGamma).count == 24)
  }

  @Test func mpnetHasRelativeBiasAndNoTokenTypes() throws {
    let model = try TinyModel.mpnet.load()
    #expect(model.family == "mpnet")
    #expect(model.shape.tokenTypes == 0)
    #expect(!model.has(.tokenTypeEmbedding))
    #expect(model.relativeBias == RelativeBiasSpec(buckets: 32, maximumDistance: 128))
    #expect(model.positionOffset == 2)
    #expect(model.maximumLength == 24, "26 positions less the offset")
    #expect(model.layerNormEpsilon == 1e-5)
    #expect(model.head.kind == .embedding && model.head.pooling == .mean && !model.head.normalized)
  }

  @Test func mpnetRegressionIsDenseThenOutProj() throws {
    let model = try TinyModel.mpnetRegression.load()
    #expect(
      model.head
        == HeadSpec(
          kind: .regression,
          steps: [.pool(.cls, width: 16)] + HeadStep.pooler(.tanh, norm: nil, width: 16), labels: [],
          outputWidth: 1, hasLinear: true))
    #expect(model.activation == .geluTanh)
  }

  @Test(arguments: TinyModel.allCases)
  func everyRoleHasItsShape(_ tiny: TinyModel) throws {
    let model = try tiny.load()
    for layer in 1...Int(model.shape.layers) {
      for part in LayerPart.allCases where model.has(.layer(layer, part)) {
        let role = TensorRole.layer(layer, part)
        #expect(try model.tensor(role).count == model.shape(of: role).reduce(1, *))
      }
    }
    let beyond = TensorRole.layer(Int(model.shape.layers) + 1, .keyBias)
    #expect(throws: ModelSpecError.roleAbsent(role: beyond.rawValue, model: tiny.rawValue)) {
      try model.tensor(beyond)
    }
  }

  @Test func headKindFollowsTheConfiguration() throws {
    func head(_ changes: [(String, JSONValue?)]) throws -> HeadSpec {
      let directory = TemporaryDirectory()
      try TinyModel.bertClassifier.copy(to: directory, config: changes)
      return try ModelSpec.load(directory: directory.path).head
    }
    #expect(try head([("problem_type", "multi_label_classification")]).kind == .multiLabel)
    #expect(try head([("problem_type", "regression")]).kind == .regression)
    #expect(try head([("problem_type", "regression")]).labels == [])
    #expect(try head([("id2label", nil), ("num_labels", 3)]).labels == ["LABEL_0", "LABEL_1", "LABEL_2"])
    #expect(try head([("id2label", ["2": "c", "0": "a", "1": "b"])]).labels == ["a", "b", "c"])
    // Without a classification architecture the same file is an encoder.
    #expect(try head([("architectures", ["BertModel"])]).kind == .embedding)
    #expect(try head([("architectures", nil)]).kind == .embedding)
  }

  @Test func poolingConfigurationMayNameItsMode() throws {
    let directory = TemporaryDirectory()
    try TinyModel.bertOldNames.copy(to: directory)
    directory.write("1_Pooling/config.json", #"{"embedding_dimension": 24, "pooling_mode": "mean"}"#)
    #expect(try ModelSpec.load(directory: directory.path).head.pooling == .mean)
  }

  @Test func shardedWeightsEqualTheSingleFile() throws {
    let directory = TemporaryDirectory()
    try TinyModel.bertClassifier.copy(to: directory)
    let tensors = try TinyModel.bertClassifier.tensors()
    let names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    var map = JSONObject()
    for (index, tensor) in tensors.enumerated() { map[tensor.name] = .string(names[index % 2]) }
    for (shard, name) in names.enumerated() {
      directory.write(
        name, RawTensor.file(tensors.indices.filter { $0 % 2 == shard }.map { tensors[$0] }))
    }
    directory.write(
      "model.safetensors.index.json",
      JSONValue.object(JSONObject([("weight_map", .object(map))])).serialized())
    directory.remove("model.safetensors")
    let sharded = try ModelSpec.load(directory: directory.path)
    let single = try TinyModel.bertClassifier.load()
    for part in LayerPart.allCases where single.has(.layer(2, part)) {
      #expect(try sharded.tensor(.layer(2, part)) == single.tensor(.layer(2, part)))
    }
    #expect(sharded.modelDigest != single.modelDigest)
  }

  @Test func theDigestCoversConfigurationAndWeightsOnly() throws {
    let original = try TinyModel.bertOldNames.load()
    let copy = TemporaryDirectory()
    try TinyModel.bertOldNames.copy(to: copy)
    copy.write("README.md", "words")
    #expect(try ModelSpec.load(directory: copy.path).modelDigest == original.modelDigest)
    copy.write("sentence_bert_config.json", #"{"max_seq_length": 23}"#)
    #expect(try ModelSpec.load(directory: copy.path).modelDigest != original.modelDigest)
    let other = TemporaryDirectory()
    try TinyModel.bertOldNames.copy(to: other)
    var weights = TestFile.bytes(TinyModel.bertOldNames.path + "/model.safetensors")
    weights[weights.count - 1] ^= 1
    other.write("model.safetensors", weights)
    #expect(try ModelSpec.load(directory: other.path).modelDigest != original.modelDigest)
  }

  /// vocab.txt and tokenizer_config.json alone: the family's frame, pieces by the line's number.
  @Test func tokenizersComeFromTheVocabulary() throws {
    let bert = try TinyModel.bertOldNames.load().tokenizer
    #expect(bert.encode("A plan", maximumLength: 24).ids == [2, 5, ids("plan"), 3])
    #expect(bert.encode("a", pair: "b", maximumLength: 24).typeIDs == [0, 0, 0, 1, 1])
    let mpnet = try TinyModel.mpnet.load().tokenizer
    #expect(mpnet.encode("a", pair: "b", maximumLength: 24).ids == [0, 5, 2, 2, 6, 2])
    func ids(_ word: String) -> UInt32 {
      let lines = TestFile.bytes(TinyModel.bertOldNames.path + "/vocab.txt").split(separator: 0x0A)
      return UInt32(lines.firstIndex { $0.elementsEqual(word.utf8) } ?? -1)
    }
  }

  @Test func theTokenizerDigestIsApartFromTheModels() throws {
    let directory = TemporaryDirectory()
    try TinyModel.bertOldNames.copy(to: directory)
    directory.write("tokenizer_config.json", #"{"do_lower_case": false}"#)
    let cased = try ModelSpec.load(directory: directory.path)
    let model = try TinyModel.bertOldNames.load()
    #expect(
      cased.tokenizer.encode("A", maximumLength: 8).ids == [2, 1, 3], "an upper-case letter is unknown")
    #expect(cased.tokenizerDigest != model.tokenizerDigest)
    #expect(cased.modelDigest == model.modelDigest)
    #expect(model.tokenizerDigest == SHA256.digest(of: model.tokenizer.encoded()))
  }

  @Test func everyDescriptionInSpecsIsInTheCatalogue() {
    let here = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let files = TemporaryDirectory.entries("/\(here)/specs/models").filter { $0.hasSuffix(".json") }
    #expect(FamilyCatalog.files.map(\.name).sorted() == files)
  }
}
