import TaperJSON
import TaperPlanFormat

/// The head of an embedder as sentence-transformers' modules make it, each with a config.json of its own, and with
/// model.safetensors where it has weights.
struct SentenceHead {
  private(set) var steps: [HeadStep]
  private(set) var sources: [TensorRole: CheckpointWeights.Source] = [:]
  /// Biases that modules lack.
  private(set) var absent: Set<TensorRole> = []
  /// For the model's digest.
  private(set) var parts: [ModelDigest.Part]

  /// What the modules read: the pooled vector, or every token's.
  private let input: String
  private let hidden: Int

  private var width: Int { steps.last?.width ?? hidden }

  /// Only the pooling so far, or nothing where there is none.
  init(_ pooling: SentencePooling?, hidden: Int) {
    self.hidden = hidden
    input = pooling == nil ? "token_embeddings" : "sentence_embedding"
    steps = pooling.map { [.pool($0.pooling, width: hidden)] } ?? []
    parts = pooling.map { [.bytes("pooling", $0.file.bytes)] } ?? []
  }

  /// The projection of Stanford's ColBERT, in the encoder's own file.
  init(projection source: CheckpointWeights.Source, hidden: Int) {
    self.init(nil, hidden: hidden)
    let (weight, bias) = (TensorRole.module(1, "weight"), TensorRole.module(1, "bias"))
    sources[weight] = source
    absent.insert(bias)
    steps = [
      HeadStep(.dense(weight: weight, bias: bias, .none), width: source.shape[0], name: "module.1")
    ]
  }

  /// A norm that no module says.
  mutating func addNormalize() { steps.append(.normalize(width: width)) }

  mutating func addDense(_ folder: String, place: Int) throws(ModelSpecError) {
    let file = try JSONFile(path: "\(folder)/config.json")
    let inputs = try file.integer("in_features", in: width...width)
    let outputs = try file.integer("out_features", in: 1...65536)
    try checkNames(file)
    if file.member("use_residual") != nil, try file.bool("use_residual") {
      throw file.failure("use_residual", expected: "false: a sum with the input is not supported", true)
    }
    let (activation, isSigmoid) = try Self.activation(file)
    let (weight, bias) = (TensorRole.module(place, "weight"), TensorRole.module(place, "bias"))
    let files = try CheckpointFiles(directory: folder)
    sources[weight] = try files.source("linear.weight", shape: [outputs, inputs])
    if file.member("bias") == nil ? true : try file.bool("bias") {
      sources[bias] = try files.source("linear.bias", shape: [outputs])
    } else {
      absent.insert(bias)
    }
    steps.append(
      HeadStep(.dense(weight: weight, bias: bias, activation), width: outputs, name: "module.\(place)"))
    if isSigmoid { steps.append(HeadStep(.sigmoid, width: outputs, name: "module.\(place).sigmoid")) }
    note(file, files)
  }

  mutating func addLayerNorm(_ folder: String, place: Int) throws(ModelSpecError) {
    let file = try JSONFile(path: "\(folder)/config.json")
    _ = try file.integer("dimension", in: width...width)
    let (gamma, beta) = (TensorRole.module(place, "weight"), TensorRole.module(place, "bias"))
    let files = try CheckpointFiles(directory: folder)
    sources[gamma] = try files.source("norm.weight", shape: [width])
    sources[beta] = try files.source("norm.bias", shape: [width])
    // The epsilon of torch's LayerNorm, which the module does not change.
    steps.append(
      HeadStep(.layerNorm(gamma: gamma, beta: beta, epsilon: 1e-5), width: width, name: "module.\(place)"))
    note(file, files)
  }

  /// A Normalize of other vectors than the text's would be another model.
  mutating func addNormalize(_ folder: String, name: String) throws(ModelSpecError) {
    if let file = try JSONFile(ifPresent: "\(folder)/config.json") { try checkNames(file) }
    steps.append(HeadStep(.normalize, width: width, name: name))
  }

  private mutating func note(_ file: JSONFile, _ files: CheckpointFiles) {
    parts.append(.bytes("module", file.bytes))
    parts += files.files.map { .weights("module-weights", $0) }
  }

  private func checkNames(_ file: JSONFile) throws(ModelSpecError) {
    for key in ["module_input_name", "module_output_name"] {
      if let name = file.member(key), name.string != input {
        throw file.failure(key, expected: "\"\(input)\"", name)
      }
    }
  }

  /// A class of PyTorch by its dotted name; tanh where there is none. The reference takes a class of the model's own
  /// code for tanh too, with a warning.
  private static func activation(_ file: JSONFile) throws(ModelSpecError) -> (Activation, isSigmoid: Bool) {
    guard let found = file.member("activation_function") else { return (.tanh, false) }
    let name = found.string ?? ""
    guard name.hasPrefix("torch.nn.modules.") else {
      throw file.failure("activation_function", expected: "a class of torch.nn.modules", found)
    }
    switch name.split(separator: ".").last {
    case "Identity": return (.none, false)
    case "Tanh": return (.tanh, false)
    case "ReLU": return (.relu, false)
    case "GELU": return (.gelu, false)
    case "SiLU": return (.silu, false)
    case "Sigmoid": return (.none, true)
    default:
      throw file.failure(
        "activation_function", expected: "torch's Identity, Tanh, ReLU, GELU, SiLU or Sigmoid", found)
    }
  }
}
