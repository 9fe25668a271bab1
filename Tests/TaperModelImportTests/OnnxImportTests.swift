import TaperBase
import TaperJSON
import TaperModelImport
import TaperModelSpec
import TaperPlanFormat
import TestSupport
import Testing

/// Graphs that torch and onnxruntime wrote (tools/reference/make-onnx-fixtures.py) become models that answer as
/// onnxruntime does on the same graph.
@Suite struct OnnxImportTests {
  private let folder = TemporaryDirectory()

  private static let base = TestFile.fixture("../../TaperModelSpecTests/Fixtures/tiny-bert-classifier")

  /// The graph in a folder with the tokenizer, and with config.json when asked.
  private func place(_ graph: String, config: Bool = false, as name: String = "model.onnx") -> String {
    folder.write("vocab.txt", TestFile.bytes(Self.base + "/vocab.txt"))
    if config { folder.write("config.json", TestFile.bytes(Self.base + "/config.json")) }
    return folder.write(name, TestFile.bytes(TestFile.fixture(graph)))
  }

  private func expected(_ graph: String) throws -> (ids: [UInt32], scores: [Float]) {
    let json = try JSONValue.parse(TestFile.bytes(TestFile.fixture("expected.json")))
    let ids = try #require(json["ids"]?.array).compactMap { $0.int.map(UInt32.init) }
    let scores = try #require(json["scores"]?[graph]?.array).compactMap { $0.double.map { Float($0) } }
    return (ids, scores)
  }

  @Test(
    arguments: [("classifier", 1e-5), ("classifier-dynamic", 0.05), ("classifier-channels", 0.05)]
      as [(String, Float)])
  func answersAsTheRuntimeOfTheGraph(graph: String, tolerance: Float) throws {
    let target = folder.path + "/imported"
    let summary = try OnnxImport.run(place(graph + ".onnx"), to: target)
    #expect(summary.madeConfig && summary.areQuantised == (graph != "classifier"))
    let model = try ModelSpec.load(directory: target)
    let original = try ModelSpec.load(directory: Self.base)
    #expect(model.shape == original.shape && model.activation == original.activation)
    #expect(model.head.kind == .classification && model.head.outputWidth == 3)
    let (ids, scores) = try expected(graph)
    let found = try NaiveEncoder(model).run(ids: ids).output
    // Dynamic quantisation also rounds activations, which the model in f32 does not.
    #expect(zip(found, scores).allSatisfy { abs(Float($0) - $1) <= tolerance }, "\(found) \(scores)")
  }

  @Test func f32WeightsAreTheCheckpointsOwn() throws {
    let target = folder.path + "/imported"
    _ = try OnnxImport.run(place("classifier.onnx", config: true), to: target)
    let (model, original) = (try ModelSpec.load(directory: target), try ModelSpec.load(directory: Self.base))
    for role in [
      TensorRole.wordEmbedding, .layer(1, .queryWeight), .layer(2, .outputWeight), .poolerWeight, .headWeight,
    ] {
      #expect(try model.tensor(role) == original.tensor(role), "\(role)")
    }
  }

  /// Heads, activation and epsilon stand in no weight: config.json must be the graph's.
  @Test(arguments: [
    ("num_attention_heads", "4"), ("hidden_act", "\"relu\""), ("num_hidden_layers", "1"),
    ("layer_norm_eps", "0.1"),
  ])
  func anothersConfigIsRefused(key: String, value: String) throws {
    let path = place("classifier.onnx")
    var config = try #require(try JSONValue.parse(TestFile.bytes(Self.base + "/config.json")).object)
    config[key] = try JSONValue.parse(value)
    folder.write("config.json", JSONValue.object(config).serialized())
    guard
      case .configDiffers(_, key, _, _)? =
        #expect(
          throws: ImportError.self, performing: { try OnnxImport.run(path, to: folder.path + "/other") })
    else {
      Issue.record("expected a refusal of \(key)")
      return
    }
  }

  /// A graph that gives something else than the encoder or the classifier is another model.
  @Test func otherOutputsAreRefused() throws {
    var bytes = TestFile.bytes(TestFile.fixture("classifier.onnx"))
    // A field that is a message's first, with a name of six bytes: the graph's output.
    let (old, new) = ([0x0A, 6] + [UInt8]("logits".utf8), [0x0A, 6] + [UInt8]("logitx".utf8))
    let start = try #require(
      (0...bytes.count - old.count).last { bytes[$0..<$0 + old.count].elementsEqual(old) })
    bytes.replaceSubrange(start..<start + old.count, with: new)
    let path = folder.write("other.onnx", bytes)
    #expect(throws: ImportError.otherOutputs(path: path, outputs: ["logitx"])) {
      try OnnxImport.run(path, to: folder.path + "/other")
    }
  }

  @Test func optimumsFolderIsBelowTheTokenizer() throws {
    _ = place("classifier.onnx", config: true, as: "onnx/model.onnx")
    let summary = try OnnxImport.run(folder.path + "/onnx/model.onnx", to: folder.path + "/imported")
    #expect(!summary.madeConfig)
  }

  @Test func everyCutIsRefused() throws {
    let bytes = TestFile.bytes(TestFile.fixture("classifier.onnx"))
    for end in stride(from: 0, to: bytes.count - 1, by: 997) {
      let path = folder.write("cut.onnx", Array(bytes[..<end]))
      #expect(throws: ImportError.self) { try OnnxImport.run(path, to: folder.path + "/cut") }
    }
    #expect(!TemporaryDirectory.entries(folder.path).contains("cut"), "nothing half-written")
  }

  /// Damaged files are refused or read; none traps.
  @Test func damageNeverTraps() throws {
    let bytes = TestFile.bytes(TestFile.fixture("classifier-dynamic.onnx"))
    var generator = SeededGenerator(seed: 7)
    for round in 0..<300 {
      var damaged = bytes
      for _ in 0..<4 {
        damaged[Int.random(in: 0..<damaged.count, using: &generator)] = UInt8.random(
          in: 0...255, using: &generator)
      }
      let path = folder.write("damaged.onnx", damaged)
      _ = try? OnnxImport.run(path, to: folder.path + "/\(round)")
    }
  }

  /// A product whose weight is not recognised would be missing from the model.
  @Test func aProductOfNoEncoderIsRefused() throws {
    var bytes = TestFile.bytes(TestFile.fixture("classifier.onnx"))
    let (old, new) = ([UInt8]("classifier.bias".utf8), [UInt8]("classifier.else".utf8))
    for start in 0...bytes.count - old.count where bytes[start..<start + old.count].elementsEqual(old) {
      bytes.replaceSubrange(start..<start + old.count, with: new)
    }
    let path = folder.write("other.onnx", bytes)
    #expect(throws: ImportError.unknownTensor(path: path, tensor: "classifier.weight")) {
      try OnnxImport.run(path, to: folder.path + "/other")
    }
  }

  @Test func whatIsNoGraphIsNamed() throws {
    let pointer = folder.write("p.onnx", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    guard
      case .foreignContent(pointer, .gitLFSPointer)? =
        #expect(throws: ImportError.self, performing: { try OnnxImport.run(pointer, to: folder.path + "/p") })
    else { return }
  }
}
