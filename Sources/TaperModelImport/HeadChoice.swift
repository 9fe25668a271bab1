import TaperBase
import TaperJSON
import TaperPlanFormat

/// The output of a graph that the model gives: the one that config.json's architecture has, else a pooled vector, the
/// states, or a classifier's results, in this order.
struct HeadChoice {
  let name: String
  let value: Int
  let head: GraphHead
  private let path: String

  init(_ recognition: EncoderRecognition, folder: String) throws(ImportError) {
    path = recognition.graph.path
    let heads = recognition.heads
    func first(_ isIt: (GraphHead) -> Bool) -> (name: String, value: Int, head: GraphHead)? {
      heads.first { isIt($0.head) }
    }
    let logits = first { if case .logits = $0 { true } else { false } }
    let vectors =
      first { if case .pooled = $0 { true } else { false } }
      ?? first { if case .states = $0 { true } else { false } }
    let wantsLogits = Self.namesClassifier(folder)
    guard let chosen = wantsLogits ? logits ?? vectors : vectors ?? logits else {
      throw .otherOutputs(path: path, outputs: recognition.graph.outputs.map(\.name))
    }
    // A vector of its own beside the states is the model's answer.
    if let other = recognition.graph.outputs.first(where: { $0.name == "sentence_embedding" }),
      !heads.contains(where: { $0.name == other.name })
    {
      throw recognition.fail(
        "output \"\(other.name)\"", "a mean or first row of the last layer's states", "another vector")
    }
    (name, value, head) = chosen
  }

  private static func namesClassifier(_ folder: String) -> Bool {
    guard !FilePath.exists(folder + "/modules.json"),
      let bytes = try? WholeFile.read(folder + "/config.json", limit: 1 << 24, regularOnly: true),
      let config = try? JSONValue.parse(bytes, accepting: .nonFiniteNumbers)
    else { return false }
    return config["architectures"]?.array?.contains { $0.string?.hasSuffix("Classification") ?? false }
      ?? false
  }

  /// Writes modules.json where the pooling was asked for, or the graph has one and no file says it.
  func writePooling(_ asked: (pooling: Pooling, normalized: Bool)?, to folder: String) throws(ImportError) {
    if let asked {
      return try ImportFolder.writeModules(asked.pooling, normalized: asked.normalized, to: folder)
    }
    guard case .pooled(let pooling, let normalized) = head, !FilePath.exists(folder + "/modules.json") else {
      return
    }
    try ImportFolder.writeModules(pooling, normalized: normalized, to: folder)
  }
}
