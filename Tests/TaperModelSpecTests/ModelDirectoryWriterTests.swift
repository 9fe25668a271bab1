import TaperModelSpec
import TaperPlanFormat
import TestSupport
import Testing

@Suite struct ModelDirectoryWriterTests {
  @Test func aFittedHeadIsLoadedBack() throws {
    let base = try TinyModel.bertOldNames.load()
    let directory = TemporaryDirectory()
    let path = directory.path + "/fitted"
    let weight = (0..<48).map { Float($0) / 7 }
    try ModelDirectoryWriter.write(
      base: base, weight: weight, bias: [0.5, -0.5], labels: ["earn", "acq"], to: path + "/")
    let fitted = try ModelSpec.load(directory: path)
    #expect(
      fitted.head
        == HeadSpec(
          kind: .classification, steps: [.pool(.cls, width: 24), .normalize(width: 24)],
          labels: ["earn", "acq"], outputWidth: 2, hasLinear: true))
    #expect(try fitted.tensor(.headWeight) == weight)
    #expect(try fitted.tensor(.headBias) == [0.5, -0.5])
    #expect(fitted.shape(of: .headWeight) == [2, 24])
    #expect(try fitted.tensor(.wordEmbedding) == base.tensor(.wordEmbedding))
    #expect(fitted.maximumLength == base.maximumLength)
    #expect(fitted.modelDigest != base.modelDigest)
    #expect(TemporaryDirectory.entries(directory.path) == ["fitted"], "no temporary directory is left")
  }

  /// The linear layer reads the normalised pooled vector: the naive reference says what the result must be.
  @Test func theHeadSitsOnTheNormalisedVector() throws {
    let base = try TinyModel.bertOldNames.load()
    let directory = TemporaryDirectory()
    var weight = [Float](repeating: 0, count: 24)
    weight[3] = 10
    try ModelDirectoryWriter.write(
      base: base, kind: .regression, weight: weight, bias: [1], labels: [], to: directory.path + "/r")
    let fitted = try ModelSpec.load(directory: directory.path + "/r")
    let ids: [UInt32] = [5, 9, 40, 60]
    let embedding = try NaiveEncoder(base).run(ids: ids).output
    let value = try NaiveEncoder(fitted).run(ids: ids).output
    #expect(abs(embedding.reduce(0) { $0 + $1 * $1 } - 1) < 1e-9)
    #expect(value.count == 1 && abs(value[0] - (10 * embedding[3] + 1)) < 1e-6)
  }

  /// A head fitted on a fitted model, or on a classifier, replaces the head that was there.
  @Test func theHeadReplacesAnEarlierOne() throws {
    let directory = TemporaryDirectory()
    let first = directory.path + "/first"
    let second = directory.path + "/second"
    let zeros = [Float](repeating: 0, count: 24)
    let classifier = try TinyModel.bertClassifier.load()
    try ModelDirectoryWriter.write(
      base: classifier, weight: zeros + zeros, bias: [0, 1], labels: ["a", "b"], to: first)
    let fitted = try ModelSpec.load(directory: first)
    #expect(fitted.head.hasPooler && fitted.head.pooling == .cls && fitted.head.labels == ["a", "b"])
    try ModelDirectoryWriter.write(
      base: fitted, kind: .multiLabel, weight: zeros, bias: [2], labels: ["c"], to: second)
    let again = try ModelSpec.load(directory: second)
    #expect(again.head.kind == .multiLabel && again.head.labels == ["c"])
    #expect(try again.tensor(.headBias) == [2])
  }

  /// What else lies in a hub's directory stays there; shards and a transformer in a folder of its own come along.
  @Test func onlyTheModelsFilesAreTaken() throws {
    let directory = TemporaryDirectory()
    let source = TinyModel.bertOldNames.path
    for name in TemporaryDirectory.entries(source)
    where name != "modules.json" && !TestFile.exists("\(source)/\(name)/.") {
      directory.write("0_Transformer/\(name)", TestFile.bytes("\(source)/\(name)"))
    }
    directory.write("1_Pooling/config.json", TestFile.bytes("\(source)/1_Pooling/config.json"))
    var tensors = try TinyModel.bertOldNames.tensors()
    let rest = Array(tensors[3...])
    tensors.removeSubrange(3...)
    var map: [String] = []
    for (name, part) in [("a.safetensors", tensors), ("b.safetensors", rest)] {
      directory.write("0_Transformer/\(name)", RawTensor.file(part))
      map += part.map { #""\#($0.name)":"\#(name)""# }
    }
    directory.write(
      "0_Transformer/model.safetensors.index.json", #"{"weight_map":{\#(map.joined(separator: ","))}}"#)
    directory.remove("0_Transformer/model.safetensors")
    directory.write(
      "modules.json",
      """
      [{"path":"0_Transformer","type":"sentence_transformers.models.Transformer"},
      {"path":"1_Pooling","type":"sentence_transformers.models.Pooling"}]
      """)
    for name in ["README.md", "pytorch_model.bin", "0_Transformer/model.onnx", "2_Notes/a.txt"] {
      directory.write(name, "not ours")
    }
    let fitted = directory.path + "/fitted"
    try ModelDirectoryWriter.write(
      base: ModelSpec.load(directory: directory.path), kind: .regression,
      weight: [Float](repeating: 0, count: 24), bias: [1], labels: [], to: fitted)
    #expect(
      TemporaryDirectory.entries(fitted) == [
        "0_Transformer", "1_Pooling", "modules.json", "taper_head.json", "taper_head.safetensors",
      ])
    #expect(
      TemporaryDirectory.entries(fitted + "/0_Transformer") == [
        "a.safetensors", "b.safetensors", "config.json", "model.safetensors.index.json",
        "sentence_bert_config.json", "tokenizer_config.json", "vocab.txt",
      ])
    #expect(TemporaryDirectory.entries(fitted + "/1_Pooling") == ["config.json"])
    #expect(
      try ModelSpec.load(directory: fitted).tensor(.wordEmbedding)
        == TinyModel.bertOldNames.load().tensor(.wordEmbedding))
  }

  @Test func anExistingDestinationIsRefused() throws {
    let directory = TemporaryDirectory()
    #expect(throws: ModelSpecError.destinationExists(path: directory.path)) {
      try ModelDirectoryWriter.write(
        base: TinyModel.mpnet.load(), weight: [Float](repeating: 0, count: 32), bias: [0], labels: ["x"],
        to: directory.path)
    }
  }

  @Test(arguments: [
    (#""outputs":2"#, #""outputs":3"#), (#""width":24"#, #""width":25"#),
    (#""kind":"classification""#, #""kind":"embedding""#),
    (#""labels":["earn","acq"]"#, #""labels":["earn"]"#),
    (#""pooling":"cls""#, #""pooling":"sum""#), (#""schema_version":1"#, #""schema_version":3"#),
  ])
  func aSpoiltDescriptionIsRefused(_ original: String, _ spoilt: String) throws {
    let directory = TemporaryDirectory()
    try TinyModel.bertOldNames.copy(to: directory)
    let text = """
      {"schema_version":1,"kind":"classification","labels":["earn","acq"],"width":24,"outputs":2,\
      "pooling":"cls","pooler":false,"follows_normalization":false}
      """
    var writer = SafetensorsWriter()
    writer.add("head.weight", shape: [2, 24], values: [Float](repeating: 0, count: 48))
    writer.add("head.bias", shape: [2], values: [0, 0])
    try writer.write(to: directory.path + "/taper_head.safetensors")
    let path = directory.write("taper_head.json", text)
    #expect(try !ModelSpec.load(directory: directory.path).head.normalized, "the description is honoured")
    directory.write("taper_head.json", text.replacing(original, with: spoilt))
    guard case .value(path, _, _, _) = TinyModel.error(loading: directory.path) else {
      Issue.record("\(spoilt) must be refused")
      return
    }
  }
}
