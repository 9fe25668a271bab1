/// Where each role's tensor lies: which file, under which name. Made by `CheckpointLocator`, whose checks it carries.
struct CheckpointWeights: Sendable {
  struct Source: Sendable {
    let file: SafetensorsFile
    let tensor: String
    let shape: [Int]

    /// - Throws: `nonFiniteTensor`; a NaN would otherwise surface as a wrong answer far from its cause.
    func floats() throws(ModelSpecError) -> [Float] {
      let values = try file.floats(tensor)
      // x·0 is 0 for finite x and NaN otherwise, so one pass without branches finds out whether to look closer.
      var probe: Float = 0
      for value in values { probe += value * 0 }
      if probe != 0, let index = values.firstIndex(where: { !$0.isFinite }) {
        throw .nonFiniteTensor(path: file.path, tensor: tensor, index: index)
      }
      return values
    }
  }

  /// Weight files of the encoder, in name order, then the fitted head's.
  let files: [SafetensorsFile]
  let sources: [TensorRole: Source]
}
