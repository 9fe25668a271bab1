/// The file and name of each role's tensor. Types and shapes are checked in `Source.init`.
struct CheckpointWeights: Sendable {
  struct Source: Sendable {
    let file: SafetensorsFile
    let tensor: String
    let shape: [Int]

    /// - Throws: `tensorType`, `tensorShape` unless `tensor` holds floating-point numbers in this shape.
    init(file: SafetensorsFile, tensor: SafetensorsTensor, shape: [Int]) throws(ModelSpecError) {
      guard let element = tensor.element, FloatConversion.supported.contains(element) else {
        throw .tensorType(
          path: file.path, tensor: tensor.name, expected: FloatConversion.supported.map(\.rawValue),
          found: tensor.type)
      }
      guard tensor.shape == shape else {
        throw .tensorShape(path: file.path, tensor: tensor.name, expected: shape, found: tensor.shape)
      }
      self.file = file
      self.tensor = tensor.name
      self.shape = shape
    }

    /// - Throws: `nonFiniteTensor`; a NaN would otherwise surface as a wrong answer far from its cause.
    func floats() throws(ModelSpecError) -> [Float] {
      let values = try file.floats(tensor)
      // x·0 is 0 for finite x and NaN otherwise, so one pass without branches tells whether to search.
      var probe: Float = 0
      for value in values { probe += value * 0 }
      if probe != 0, let index = values.firstIndex(where: { !$0.isFinite }) {
        throw .nonFiniteTensor(path: file.path, tensor: tensor, index: index)
      }
      return values
    }
  }

  let sources: [TensorRole: Source]
}
