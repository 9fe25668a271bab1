import TaperBase
import TaperJSON
public import TaperModelSpec
public import TaperPlanFormat

/// Turns an exported graph (ONNX, OpenVINO IR) into a model directory that `ModelSpec` reads: model.safetensors with
/// the encoder's tensors under the names that its family's description gives them, and copies of the configuration and
/// the tokenizer that lie beside the graph.
public enum GraphImport {
  public struct Summary: Hashable, Sendable {
    public var tensors: Int
    /// Whether weights were in fewer bits: the model is then the quantised one, in f32, not the one it was made from.
    public var areWeightsDequantised: Bool
    /// Whether the graph also rounds activations, which the model does not.
    public var leavesOutActivations: Bool
    /// Whether config.json was made from the graph.
    public var madeConfig: Bool
    /// Whether the graph computes GELU by its tanh form although config.json says GELU; the model does as the graph.
    public var approximatesGELU: Bool
    /// Whether a classifier's graph has no input for types of tokens although its encoder has some: it reads both texts
    /// of a pair as the first, and so does the model (`model_input_names` in tokenizer_config.json).
    public var lacksTypes: Bool
    /// Whether an embedder's pooling was said, by the graph or by files beside it.
    public var knowsPooling: Bool
    /// The output that the model gives.
    public var output: String
    /// Inputs that the model's answers were compared on.
    public var texts: Int
    /// Tokens of the longest of them.
    public var longest: Int
    /// The largest difference between the graph's own answer and the model's, by the largest element.
    public var difference: Float
  }

  /// How far the model's answers may be from the graph's own, by the largest element.
  public static let tolerance: Float = 1e-4

  /// Whether a path names a graph rather than a model directory.
  public static func isGraph(_ path: String) -> Bool { path.hasSuffix(".onnx") || path.hasSuffix(".xml") }

  /// What a model answers to inputs, without its last softmax or sigmoid: runs the planner and the runtime, which this
  /// module must not know.
  public typealias Answers = (ModelSpec, [ImportProof.Text]) throws -> [[Float]]

  /// - Parameters:
  ///   - pooling: of an embedder whose folder and graph do not say it; nil: what they say, or the family's default.
  ///   - destination: must not exist.
  ///   - answers: of the model that was made.
  /// - Throws: `ImportError`, with the first part of the graph that does not fit.
  public static func run(
    _ path: String, pooling: Pooling? = nil, normalized: Bool = false, to destination: String,
    answers: Answers
  ) throws(ImportError) -> Summary {
    let target = FilePath.withoutTrailingSlashes(destination)
    guard !FilePath.exists(target) else { throw .model(.destinationExists(path: target)) }
    let graph = try read(path)
    let sources = ImportFolder(graph: path)
    // Its scores are of three products, two of them by relative position.
    if let type = sources.modelType, type.hasPrefix("deberta") {
      throw .unsupportedFamily(path: path, modelType: type)
    }
    let recognition = try EncoderRecognition(graph)
    let asked = pooling.map { ($0, normalized) }
    var summary: Summary?
    try FolderSink.write(target) { (folder) throws(ImportError) in
      try sources.copyAll(to: folder)
      summary = try fill(folder, recognition, asked: asked, answers: answers)
    }
    guard let summary else { throw .unknownFormat(path: path) }
    return summary
  }

  private static func read(_ path: String) throws(ImportError) -> ModelGraph {
    if path.hasSuffix(".onnx") { return try OnnxTranslation.graph(path: path) }
    if path.hasSuffix(".xml") { return try IRTranslation.graph(path: path) }
    throw .unknownFormat(path: path)
  }

  /// Reads a graph, computes it and looks for an encoder, without writing one.
  /// - Returns: layers.
  public static func examine(_ path: String) throws(ImportError) -> Int {
    try EncoderRecognition(try read(path)).facts.layers
  }

  private static func fill(
    _ folder: String, _ recognition: EncoderRecognition, asked: (pooling: Pooling, normalized: Bool)?,
    answers: Answers
  ) throws(ImportError) -> Summary {
    let graph = recognition.graph
    let choice = try HeadChoice(recognition, folder: folder)
    let hasConfig = FilePath.exists(folder + "/config.json")
    if !hasConfig {
      guard let config = GraphConfig(facts: recognition.facts, head: choice.head).json() else {
        throw .unknownFact(path: graph.path, fact: "its family (model_type)")
      }
      try ImportFolder.write(config, to: folder + "/config.json")
    }
    try choice.writePooling(asked, to: folder)
    let layout = try layout(folder, graph.path)
    let comparison = ConfigComparison(recognition: recognition, layout: layout, choice: choice)
    try comparison.check()
    if comparison.isApproximated {
      try ImportFolder.set(layout.key("activation"), to: "gelu_pytorch_tanh", in: folder + "/config.json")
    }
    let writer = try CheckpointWriter(recognition, layout)
    try writer.write(to: folder + "/model.safetensors")
    let lacksTypes =
      layout.head.kind != .embedding && recognition.facts.tokenTypes > 1
      && !graph.inputs.contains { $0.input == .types }
    if lacksTypes {
      let settings = folder + "/tokenizer_config.json"
      if !FilePath.exists(settings) { try ImportFolder.write(.object(JSONObject()), to: settings) }
      try ImportFolder.set("model_input_names", to: ["input_ids", "attention_mask"], in: settings)
    }
    let model: ModelSpec
    do throws(ModelSpecError) { model = try ModelSpec.load(directory: folder) } catch {
      throw .folder(path: graph.path, what: words(error, folder, graph.path))
    }
    let proof = ImportProof(recognition: recognition, choice: choice, model: model)
    let result = try proof.run(answers)
    return Summary(
      tensors: writer.count, areWeightsDequantised: graph.quantization.contains(.weights),
      leavesOutActivations: graph.quantization.contains(.activations), madeConfig: !hasConfig,
      approximatesGELU: comparison.isApproximated,
      lacksTypes: lacksTypes, knowsPooling: FilePath.exists(folder + "/modules.json"),
      output: choice.name,
      texts: result.texts, longest: result.longest, difference: result.difference)
  }

  /// What is wrong in the folder that is being made, said of the files' own.
  private static func words(_ error: ModelSpecError, _ folder: String, _ path: String) -> String {
    "\(error)".replacing(folder, with: FilePath.folder(of: path))
  }

  private static func layout(_ folder: String, _ path: String) throws(ImportError) -> CheckpointLayout {
    do throws(ModelSpecError) { return try CheckpointLayout(directory: folder) } catch {
      throw .folder(path: path, what: words(error, folder, path))
    }
  }
}
