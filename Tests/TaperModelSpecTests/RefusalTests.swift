import TaperJSON
import TaperModelSpec
import TestSupport
import Testing

/// Directories that must be refused, each with the facts that lead to the cause.
@Suite struct RefusalTests {
  @Test(arguments: [
    ("hidden_size", JSONValue.string("wide"), "an integer in 1...65536", "\"wide\""),
    ("hidden_size", .null, "an integer in 1...65536", "nothing"),
    ("num_hidden_layers", 0, "an integer in 1...1000", "0"),
    ("num_attention_heads", 5, "a divisor of the hidden size 24", "5"),
    (
      "hidden_act", "mish",
      "one of gelu, gelu_python, gelu_new, gelu_pytorch_tanh, relu, silu, swish, tanh", "\"mish\""
    ),
    (
      "hidden_act", "swiglu",
      "one of gelu, gelu_python, gelu_new, gelu_pytorch_tanh, relu, silu, swish, tanh", "\"swiglu\""
    ),
    ("layer_norm_eps", -1, "a number in 0...1", "-1"),
    ("position_embedding_type", "relative_key", "\"absolute\"", "\"relative_key\""),
    ("is_decoder", true, "false", "true"),
    (
      "problem_type", "ranking",
      "\"regression\", \"single_label_classification\" or \"multi_label_classification\"", "\"ranking\""
    ),
    ("id2label", .object(JSONObject([("0", "a"), ("2", "b")])), "keys 0...1", "\"2\""),
    (
      "id2label", .object(JSONObject([("0", "a"), ("1", "a")])),
      "distinct labels; give each class a name of its own", "\"a\""
    ),
    ("model_type", 7, "a string", "7"),
  ])
  func configurationValues(_ key: String, _ value: JSONValue, _ expected: String, _ found: String) throws {
    let error = try TinyModel.bertClassifier.error(config: [(key, value)])
    guard case .value(let path, key, expected, let actual) = error else {
      Issue.record("expected a refusal of \(key), found \(error.map(\.description) ?? "a loaded model")")
      return
    }
    #expect(path.hasSuffix("/config.json"))
    #expect(actual == found || (value.isNull && actual == "null"))
  }

  @Test func unknownFamiliesAndArchitectures() throws {
    guard
      case .unknownFamily(_, "llama", let known) = try TinyModel.mpnet.error(config: [("model_type", "llama")]
      )
    else {
      Issue.record("llama must be refused")
      return
    }
    #expect(known.contains("bert") && known.contains("xlm-roberta"))
    let error = try TinyModel.mpnet.error(config: [("architectures", ["MPNetForQuestionAnswering"])])
    guard case .unknownArchitecture(_, ["MPNetForQuestionAnswering"], _) = error else {
      Issue.record("question answering must be refused, found \(String(describing: error))")
      return
    }
  }

  @Test func shapesAreCheckedAgainstTheConfiguration() throws {
    let error = try TinyModel.bertClassifier.error(config: [("intermediate_size", 41)])
    guard case .tensorShape(_, let tensor, let expected, let found) = error else {
      Issue.record("expected tensorShape, found \(String(describing: error))")
      return
    }
    #expect(tensor == "bert.encoder.layer.0.intermediate.dense.weight")
    #expect(expected == [41, 24])
    #expect(found == [40, 24])
  }

  @Test func aMissingTensorNamesWhatWasTried() throws {
    let directory = TemporaryDirectory()
    try TinyModel.bertOldNames.copy(to: directory)
    let missing = "encoder.layer.1.output.LayerNorm.gamma"
    directory.write(
      "model.safetensors", RawTensor.file(try TinyModel.bertOldNames.tensors().filter { $0.name != missing }))
    #expect(
      TinyModel.error(loading: directory.path)
        == .tensorMissing(
          path: directory.path, tensor: "layer.2.output_norm_gamma",
          tried: ["encoder.layer.1.output.LayerNorm.weight", missing]))
  }

  @Test func aWrongElementTypeIsNamed() throws {
    let directory = TemporaryDirectory()
    try TinyModel.mpnet.copy(to: directory)
    let tensors = try TinyModel.mpnet.tensors().map { tensor in
      var tensor = tensor
      if tensor.name == "embeddings.LayerNorm.bias" { tensor.type = "I16" }
      return tensor
    }
    let path = directory.write("model.safetensors", RawTensor.file(tensors))
    #expect(
      TinyModel.error(loading: directory.path)
        == .tensorType(
          path: path, tensor: "embeddings.LayerNorm.bias", expected: ["F32", "F16", "BF16"], found: "I16"))
  }

  @Test func nonFiniteWeightsAreFoundWhenRead() throws {
    let directory = TemporaryDirectory()
    try TinyModel.mpnet.copy(to: directory)
    let tensors = try TinyModel.mpnet.tensors().map { tensor in
      var tensor = tensor
      if tensor.name == "embeddings.LayerNorm.bias" { tensor.data[6...7] = [0xC0, 0x7F] }
      return tensor
    }
    let path = directory.write("model.safetensors", RawTensor.file(tensors))
    let model = try ModelSpec.load(directory: directory.path)
    #expect(
      throws: ModelSpecError.nonFiniteTensor(path: path, tensor: "embeddings.LayerNorm.bias", index: 3)
    ) { try model.tensor(.embeddingNormBeta) }
  }

  @Test func missingFilesAreListed() throws {
    let empty = TemporaryDirectory()
    #expect(
      TinyModel.error(loading: empty.path) == .fileMissing(directory: empty.path, anyOf: ["config.json"]))
    try TinyModel.mpnet.copy(to: empty)
    empty.remove("model.safetensors")
    #expect(
      TinyModel.error(loading: empty.path)
        == .fileMissing(directory: empty.path, anyOf: ["model.safetensors", "model.safetensors.index.json"]))
  }

  @Test(arguments: [
    #"{"pooling_mode": "sum"}"#, #"{"pooling_mode": "tokens"}"#,
    #"{"pooling_mode_mean_tokens": true, "pooling_mode_cls_token": true}"#,
    #"{"pooling_mode": ["mean", "max"]}"#,
    #"{"pooling_mode_mean_tokens": true, "word_embedding_dimension": 25}"#,
  ])
  func otherPoolingModes(_ text: String) throws {
    let directory = TemporaryDirectory()
    try TinyModel.bertOldNames.copy(to: directory)
    let path = directory.write("1_Pooling/config.json", text)
    guard case .value(path, _, _, _) = TinyModel.error(loading: directory.path) else {
      Issue.record("\(text) must be refused")
      return
    }
  }

  @Test(arguments: [
    #"[{"type": "custom_st.Transformer", "path": ""}]"#, #"{}"#,
    #"[{"type": "sentence_transformers.models.Transformer", "path": ""}, {"type": "sentence_transformers.models.Pooling", "path": "../1_Pooling"}]"#,
    #"[{"type": "sentence_transformers.models.Transformer", "path": ""}, "#
      + #"{"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"}, "#
      + #"{"type": "sentence_transformers.models.LSTM", "path": "2_LSTM"}]"#,
  ])
  func otherModuleChains(_ text: String) throws {
    let directory = TemporaryDirectory()
    try TinyModel.bertOldNames.copy(to: directory)
    let path = directory.write("modules.json", text)
    guard case .value(path, _, _, _) = TinyModel.error(loading: directory.path) else {
      Issue.record("\(text) must be refused")
      return
    }
  }

  @Test func tokenizersThatDoNotFit() throws {
    let directory = TemporaryDirectory()
    try TinyModel.bertOldNames.copy(to: directory)
    let vocabulary = directory.write(
      "vocab.txt", TestFile.bytes(TinyModel.bertOldNames.path + "/vocab.txt") + [UInt8]("extra\n".utf8))
    #expect(
      TinyModel.error(loading: directory.path) == nil,
      "a token without an embedding is refused where a text has it")
    directory.write("vocab.txt", TestFile.bytes(TinyModel.bertOldNames.path + "/vocab.txt"))
    directory.write("tokenizer_config.json", #"{"cls_token": {"content": "<s>"}}"#)
    guard case .tokenizer(vocabulary, _) = TinyModel.error(loading: directory.path) else {
      Issue.record("a frame other than the configuration's must be refused")
      return
    }
    let json = directory.write("tokenizer.json", #"{"model": {"type": "BPE"}}"#)
    guard case .tokenizer(json, _) = TinyModel.error(loading: directory.path) else {
      Issue.record("a BPE tokenizer must be refused")
      return
    }
    directory.remove("tokenizer.json")
    directory.remove("vocab.txt")
    #expect(
      TinyModel.error(loading: directory.path)
        == .fileMissing(
          directory: directory.path, anyOf: ["tokenizer.json", "vocab.txt", "vocab.json with merges.txt"]))
  }

  @Test func shardNamesStayInTheDirectory() throws {
    let directory = TemporaryDirectory()
    try TinyModel.mpnet.copy(to: directory)
    directory.remove("model.safetensors")
    let path = directory.write(
      "model.safetensors.index.json", #"{"weight_map": {"a": "../elsewhere.safetensors"}}"#)
    #expect(
      TinyModel.error(loading: directory.path)
        == .value(
          path: path, key: "weight_map", expected: "names of files in the same folder",
          found: "\"../elsewhere.safetensors\""))
  }
}
