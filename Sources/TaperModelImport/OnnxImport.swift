import TaperBase
import TaperJSON
import TaperModelSpec
public import TaperPlanFormat

/// Turns an exported graph into a model directory that `ModelSpec` reads: model.safetensors with the encoder's tensors
/// under their names, and copies of the configuration and the tokenizer that lie beside the graph.
public enum OnnxImport {
  public struct Summary: Hashable, Sendable {
    public var tensors: Int
    /// Whether int8 weights were dequantised: the model is then the quantised one, not the one it was made from.
    public var areQuantised: Bool
    /// Whether config.json was made from the graph.
    public var madeConfig: Bool
  }

  /// - Parameters:
  ///   - pooling: of an embedder whose folder does not say it; nil: what the folder says, or the family's default.
  ///   - destination: must not exist.
  /// - Throws: `ImportError`, with the first part of the graph that does not fit.
  public static func run(
    _ path: String, pooling: Pooling? = nil, normalized: Bool = false, to destination: String
  ) throws(ImportError) -> Summary {
    let target = FilePath.withoutTrailingSlashes(destination)
    guard !FilePath.exists(target) else { throw .model(.destinationExists(path: target)) }
    let weights = try GraphWeights(OnnxGraph(path: path))
    let folders = sources(path)
    let hasConfig = folders.contains { FilePath.exists("\($0)/config.json") }
    let config: JSONValue? = if hasConfig { nil } else { try GraphConfig(weights: weights).json() }
    if hasConfig { try compare(weights, folders) }
    try FolderSink.write(target) { (folder) throws(ImportError) in
      for name in copied {
        guard let source = folders.first(where: { FilePath.exists("\($0)/\(name)") }) else { continue }
        try copy("\(source)/\(name)", to: "\(folder)/\(name)")
      }
      if let config { try write(config, to: "\(folder)/config.json") }
      try writeModules(pooling, normalized, folders, hidden: weights, to: folder)
      var writer = SafetensorsWriter()
      for (name, tensor) in weights.tensors.sorted(by: { $0.key < $1.key }) {
        writer.add(name, shape: tensor.shape, values: tensor.values)
      }
      do throws(ModelSpecError) { try writer.write(to: "\(folder)/model.safetensors") } catch {
        throw .model(error)
      }
      // What was written must be a model.
      do throws(ModelSpecError) { _ = try ModelSpec.load(directory: folder) } catch { throw .model(error) }
    }
    return Summary(
      tensors: weights.tensors.count, areQuantised: weights.areQuantised, madeConfig: config != nil)
  }

  /// A BERT's config.json must say what its graph does: heads, activation and epsilon stand in no weight.
  private static func compare(_ weights: GraphWeights, _ folders: [String]) throws(ImportError) {
    guard let folder = folders.first(where: { FilePath.exists("\($0)/config.json") }),
      let bytes = try? WholeFile.read(folder + "/config.json", limit: 1 << 24),
      let config = try? JSONValue.parse(bytes, accepting: .nonFiniteNumbers),
      config["model_type"]?.string == "bert"
    else { return }
    let graph = try GraphConfig(weights: weights).json()
    for key in [
      "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
      "max_position_embeddings", "hidden_act", "layer_norm_eps",
    ] {
      guard let found = config[key], let right = graph[key] else { continue }
      // An epsilon in a graph is a Float.
      let areEqual =
        found == right
        || found.double.map { Float($0) } != nil
          && found.double.map { Float($0) } == right.double.map { Float($0) }
      guard areEqual else {
        throw .configDiffers(
          path: weights.graph.path, key: key, config: found.serialized(), graph: right.serialized())
      }
    }
  }

  /// The graph's folder, and the one above where it lies in optimum's "onnx".
  private static func sources(_ path: String) -> [String] {
    let folder = FilePath.folder(of: path)
    return FilePath.name(folder) == "onnx" ? [folder, FilePath.folder(of: folder)] : [folder]
  }

  private static let copied = [
    "config.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt", "vocab.json", "merges.txt",
    "special_tokens_map.json", "added_tokens.json", "sentence_bert_config.json",
    "config_sentence_transformers.json",
  ]

  private static func copy(_ source: String, to target: String) throws(ImportError) {
    let file = try ImportError.wrapping(try MappedFile(path: source))
    try FileSink<ImportError>.write(target) { (sink) throws(ImportError) in
      try unsafe file.withBytes { (bytes) throws(ImportError) in try unsafe sink.write(bytes) }
    }
  }

  private static func write(_ value: JSONValue, to path: String) throws(ImportError) {
    try ImportError.wrapping(try WholeFile.write(value.serialized(pretty: true) + "\n", to: path))
  }

  /// sentence-transformers' modules: those beside the graph, or those that were asked for.
  private static func writeModules(
    _ pooling: Pooling?, _ normalized: Bool, _ folders: [String], hidden weights: GraphWeights,
    to folder: String
  ) throws(ImportError) {
    func module(_ name: String, _ path: String) -> JSONValue {
      ["type": .string("sentence_transformers.models.\(name)"), "path": .string(path)]
    }
    if let pooling {
      var chain = [module("Transformer", ""), module("Pooling", "1_Pooling")]
      if normalized { chain.append(module("Normalize", "2_Normalize")) }
      try write(.array(chain), to: folder + "/modules.json")
      try ImportError.wrapping(try FilePath.makeFolder(folder + "/1_Pooling"))
      try write(
        ["pooling_mode": .string(pooling == .cls ? "cls" : "mean")], to: folder + "/1_Pooling/config.json")
      return
    }
    guard let source = folders.first(where: { FilePath.exists("\($0)/modules.json") }) else { return }
    try copy("\(source)/modules.json", to: folder + "/modules.json")
    for name in ["1_Pooling", "2_Normalize", "2_Dense"] where FilePath.exists("\(source)/\(name)/config.json")
    {
      try ImportError.wrapping(try FilePath.makeFolder("\(folder)/\(name)"))
      try copy("\(source)/\(name)/config.json", to: "\(folder)/\(name)/config.json")
    }
  }
}
