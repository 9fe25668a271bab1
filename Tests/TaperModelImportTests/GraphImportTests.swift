import TaperBase
import TaperJSON
import TaperModelImport
import TaperModelSpec
import TaperPlanFormat
import TaperTokenization
import TaperWorkflow
import TestSupport
import Testing

/// Graphs that torch, onnxruntime, openvino and nncf wrote (tools/reference/make-onnx-fixtures.py) become models that
/// answer as these runtimes do on the same graph.
@Suite struct GraphImportTests {
  private let place = ImportPlace()

  /// The fixtures' names.
  private static let graphs = ImportPlace.expected.keys.sorted()

  @Test(arguments: graphs)
  func answersAsTheGraphsOwnRuntime(graph: String) throws {
    let (path, expected) = try place.put(graph)
    let summary = try GraphImporter.run(path, to: place.output)
    #expect(!summary.madeConfig && summary.difference < 1e-5 && summary.texts >= 2)
    let model = try ModelSpec.load(directory: place.output)
    let difference = try place.difference(model, expected)
    #expect(difference <= expected.tolerance, "\(graph): \(difference)")
  }

  /// Which graphs are quantised, and which round activations.
  @Test(arguments: [
    ("bert-classifier.onnx", false, false), ("fused-f16.onnx", false, false), ("ir-f16.xml", false, false),
    ("dynamic.onnx", true, true), ("dynamic-channels.onnx", true, true), ("qdq.onnx", true, true),
    ("ir-int8.xml", true, false), ("ir-int4.xml", true, false), ("ir-static.xml", true, true),
  ])
  func saysWhatIsQuantised(graph: String, weights: Bool, activations: Bool) throws {
    let summary = try GraphImporter.run(place.put(graph).path, to: place.output)
    #expect(summary.areWeightsDequantised == weights && summary.leavesOutActivations == activations)
  }

  /// Graphs in f32 hold the checkpoint's own numbers: the weight files are the same, byte for byte.
  @Test(arguments: [
    "albert", "bert-classifier", "distilbert", "electra", "modernbert", "mpnet", "nomic-bert", "gte",
  ])
  func bothFormatsGiveTheSameWeights(model: String) throws {
    let first = ImportPlace()
    _ = try GraphImporter.run(place.put(model + ".onnx").path, to: place.output)
    _ = try GraphImporter.run(first.put(model + ".xml").path, to: first.output)
    let weights = TestFile.bytes(place.output + "/model.safetensors")
    #expect(weights == TestFile.bytes(first.output + "/model.safetensors"))
  }

  @Test(arguments: [
    "bert-classifier.onnx", "opset11.onnx", "dynamo.onnx", "fused.onnx", "fused-mha.onnx", "fused-all.onnx",
    "external.onnx", "bert-classifier.xml", "ir-from-onnx.xml",
  ])
  func f32WeightsAreTheCheckpointsOwn(graph: String) throws {
    let (path, expected) = try place.put(graph)
    _ = try GraphImporter.run(path, to: place.output)
    let (model, original) = (
      try ModelSpec.load(directory: place.output), try ModelSpec.load(directory: expected.folder)
    )
    #expect(model.shape == original.shape && model.activation == original.activation)
    for role in [
      TensorRole.wordEmbedding, .positionEmbedding, .tokenTypeEmbedding, .embeddingNormGamma,
      .layer(1, .queryWeight), .layer(1, .keyBias), .layer(2, .valueWeight), .layer(2, .attentionOutputBias),
      .layer(2, .outputWeight), .layer(2, .outputNormBeta), .poolerWeight, .headWeight, .headBias,
    ] {
      #expect(try model.tensor(role) == original.tensor(role), "\(role)")
    }
  }

  /// Names say nothing: without any, the same model comes of it.
  @Test func namesDoNotMatter() throws {
    let (path, _) = try place.put("bert-classifier.onnx")
    var bytes = TestFile.bytes(path)
    for word in [
      "bert.", "embeddings", "encoder", "attention", "classifier", "pooler", "query", "output.dense",
    ] {
      let (old, new) = ([UInt8](word.utf8), [UInt8](repeating: UInt8(ascii: "z"), count: word.utf8.count))
      var start = 0
      while start + old.count <= bytes.count {
        // The mask's input is told by its name.
        if bytes[start..<start + old.count].elementsEqual(old),
          !bytes[start..<min(bytes.count, start + 14)].elementsEqual("attention_mask".utf8)
        {
          bytes.replaceSubrange(start..<start + old.count, with: new)
        }
        start += 1
      }
    }
    let other = ImportPlace()
    _ = try other.put("bert-classifier.onnx")
    let renamed = other.folder.write("renamed.onnx", bytes)
    _ = try GraphImporter.run(path, to: place.output)
    _ = try GraphImporter.run(renamed, to: other.output)
    #expect(
      TestFile.bytes(place.output + "/model.safetensors")
        == TestFile.bytes(other.output + "/model.safetensors"))
  }

  /// A BERT's configuration follows from its graph.
  @Test(arguments: ["bert-classifier.onnx", "bert-classifier.xml", "dynamic.onnx", "fused.onnx"])
  func configurationIsMade(graph: String) throws {
    let (path, expected) = try place.put(graph, config: false)
    let summary = try GraphImporter.run(path, to: place.output)
    #expect(summary.madeConfig)
    let (model, original) = (
      try ModelSpec.load(directory: place.output), try ModelSpec.load(directory: expected.folder)
    )
    #expect(model.shape == original.shape && model.activation == original.activation)
    #expect(model.layerNormEpsilon == original.layerNormEpsilon && model.head.kind == .classification)
    #expect(model.head.outputWidth == original.head.outputWidth)
  }

  @Test func otherFamiliesNeedTheirConfiguration() throws {
    let (path, _) = try place.put("distilbert.onnx", config: false)
    #expect(throws: ImportError.unknownFact(path: path, fact: "its family (model_type)")) {
      try GraphImporter.run(path, to: place.output)
    }
  }

  /// The graph pools and normalises: no file has to say so.
  @Test func poolingComesFromTheGraph() throws {
    let (path, _) = try place.put("pooled.onnx")
    let summary = try GraphImporter.run(path, to: place.output)
    #expect(summary.output == "sentence_embedding" && summary.knowsPooling)
    let head = try ModelSpec.load(directory: place.output).head
    #expect(head.kind == .embedding && head.pooling == .mean && head.normalized)
    let other = ImportPlace()
    guard
      case .configDiffers(_, "pooling", _, _)? =
        #expect(
          throws: ImportError.self,
          performing: {
            try GraphImporter.run(other.put("pooled.onnx").path, pooling: .cls, to: other.output)
          })
    else {
      Issue.record("expected a refusal of the other pooling")
      return
    }
  }

  /// Attention within 19 tokens is as any other on shorter texts: the longest input must show it.
  @Test func aMaskThatActsOnLongTextsIsSeen() throws {
    let (path, _) = try place.put("bert-classifier.onnx")
    place.folder.write("bert-classifier.onnx", TestFile.bytes(TestFile.fixture("window.onnx")))
    let error = #expect(throws: ImportError.self) { try GraphImporter.run(path, to: place.output) }
    guard case .answersDiffer(_, _, _, tokens: 24) = error else {
      Issue.record("found \(String(describing: error))")
      return
    }
  }

  /// A graph that is not told which text a token is of reads both of a pair as the first; so must the model.
  @Test func withoutTypesBothTextsAreTheFirst() throws {
    let (path, _) = try place.put("untyped.onnx")
    #expect(try GraphImporter.run(path, to: place.output).lacksTypes)
    let tokenizer = try ModelSpec.load(directory: place.output).tokenizer
    #expect(Set(tokenizer.encode("a plan", pair: "a token", maximumLength: 20).typeIDs) == [0])
    let other = ImportPlace()
    #expect(try !GraphImporter.run(other.put("bert-classifier.onnx").path, to: other.output).lacksTypes)
    let typed = try ModelSpec.load(directory: other.output).tokenizer
    #expect(Set(typed.encode("a plan", pair: "a token", maximumLength: 20).typeIDs) == [0, 1])
  }

  @Test func anApproximatedActivationIsKept() throws {
    let summary = try GraphImporter.run(place.put("fused-fast-gelu.onnx").path, to: place.output)
    #expect(summary.approximatesGELU)
    #expect(try ModelSpec.load(directory: place.output).activation == .geluTanh)
  }

  /// Heads, activation and epsilon stand in no weight: config.json must be the graph's.
  @Test(
    arguments: [
      ("num_attention_heads", "1"), ("hidden_act", "\"relu\""), ("num_hidden_layers", "1"),
      ("layer_norm_eps", "0.1"),
      ("max_position_embeddings", "7"), ("vocab_size", "9"), ("intermediate_size", "2"),
      ("hidden_size", "48"),
    ], ["bert-classifier.onnx", "bert-classifier.xml"])
  func anothersConfigIsRefused(change: (key: String, value: String), graph: String) throws {
    let (path, expected) = try place.put(graph)
    var config = try #require(try JSONValue.parse(TestFile.bytes(expected.folder + "/config.json")).object)
    config[change.key] = try JSONValue.parse(change.value)
    place.folder.write("config.json", JSONValue.object(config).serialized())
    guard
      case .configDiffers(_, change.key, _, _)? =
        #expect(throws: ImportError.self, performing: { try GraphImporter.run(path, to: place.output) })
    else {
      Issue.record("expected a refusal of \(change.key)")
      return
    }
  }

  @Test func familiesThatAreNotReadAreNamed() throws {
    let (path, _) = try place.put("bert-classifier.onnx")
    place.folder.write("config.json", #"{"model_type": "deberta-v2"}"#)
    #expect(throws: ImportError.unsupportedFamily(path: path, modelType: "deberta-v2")) {
      try GraphImporter.run(path, to: place.output)
    }
  }

  @Test(arguments: ["onnx", "openvino"])
  func exportersFoldersAreBelowTheTokenizer(inner: String) throws {
    let (path, _) = try place.put("bert-classifier.onnx", in: inner)
    #expect(try !GraphImporter.run(path, to: place.output).madeConfig)
  }

  /// The same file always gives the same bytes.
  @Test func importIsDeterministic() throws {
    let other = ImportPlace()
    let first = try GraphImporter.run(place.put("ir-int8.xml").path, to: place.output)
    #expect(try GraphImporter.run(other.put("ir-int8.xml").path, to: other.output) == first)
    let digests = try [place, other].map { try ModelSpec.load(directory: $0.output).modelDigest }
    #expect(digests[0] == digests[1])
  }
}
