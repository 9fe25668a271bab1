import TaperModelSpec

/// Writes what was recognised under the names that a checkpoint of the family has: one tensor after the other.
struct CheckpointWriter {
  private struct Tensor {
    var name: String
    var shape: [Int]
    /// By part.
    var sources: [RecognisedTensor?]
    /// Of one part.
    var count: Int
  }

  private let recognition: EncoderRecognition
  private var tensors: [Tensor] = []

  var count: Int { tensors.count }

  /// - Throws: `unrecognised` where the graph lacks a tensor of the family, or has one that the family lacks.
  init(_ recognition: EncoderRecognition, _ layout: CheckpointLayout) throws(ImportError) {
    self.recognition = recognition
    var places: [String: Int] = [:]
    for entry in layout.entries {
      let source = recognition.tensors[entry.role]
      guard source != nil || Self.mayBeZero(entry.role) else {
        throw recognition.fail("the graph", "a \(layout.family) encoder's \(entry.role.rawValue)", "none")
      }
      if let place = places[entry.name] {
        // Layers may share a tensor: the first one's is written, and answers tell whether they do.
        if tensors[place].sources[entry.part] == nil { tensors[place].sources[entry.part] = source }
        continue
      }
      var shape = entry.shape
      let count = shape.reduce(1, *)
      shape[0] *= entry.parts
      var sources = [RecognisedTensor?](repeating: nil, count: entry.parts)
      sources[entry.part] = source
      places[entry.name] = tensors.count
      tensors.append(Tensor(name: entry.name, shape: shape, sources: sources, count: count))
    }
    let known = Set(layout.entries.map(\.role))
    let others = recognition.tensors.filter {
      !known.contains($0.key) && !Self.isOfHead($0.key) && !$0.value.isZero
    }
    if let other = others.keys.map(\.rawValue).min() {
      throw recognition.fail("the graph", "a \(layout.family) encoder's tensors", "\(other)")
    }
    tensors.sort { $0.name < $1.name }
  }

  /// Optimisers leave out biases that are zero.
  private static func mayBeZero(_ role: TensorRole) -> Bool {
    role.rawValue.hasSuffix("bias") && role != .relativeBias || role.rawValue.hasSuffix("beta")
  }

  /// Heads that the model does not have are outputs that it does not give.
  private static func isOfHead(_ role: TensorRole) -> Bool {
    [TensorRole.headWeight, .headBias, .poolerWeight, .poolerBias, .poolerNormGamma, .poolerNormBeta]
      .contains(role)
  }

  func write(to path: String) throws(ImportError) {
    try SafetensorsWriter.write(to: path, tensors.map { ($0.name, $0.shape) }) {
      (place) throws(ImportError) in
      let tensor = tensors[place]
      var values: [Float] = []
      for source in tensor.sources {
        let part = try source?.floats(recognition.evaluation) ?? [Float](repeating: 0, count: tensor.count)
        guard part.count == tensor.count else {
          throw .badTensor(
            path: recognition.graph.path, tensor: tensor.name,
            expected: "\(tensor.count) numbers for \(tensor.shape)",
            found: "\(part.count)")
        }
        values = tensor.sources.count == 1 ? part : values + part
      }
      return values
    }
  }
}
