/// The file and name of each role's tensor. Types and shapes are checked in `Source.init`.
struct CheckpointWeights: Sendable {
  struct Source: Sendable {
    let file: SafetensorsFile
    let tensor: String
    /// Of the role's part of the tensor.
    let shape: [Int]
    /// The tensor is cut along its first axis into equal parts, and this is one of them, from 0.
    private let part: Int

    /// - Parameter parts: into how many parts the tensor is cut, all of `shape`.
    /// - Throws: `tensorType`, `tensorShape` unless `tensor` holds floating-point numbers in this shape.
    init(
      file: SafetensorsFile, tensor: SafetensorsTensor, shape: [Int], part: Int = 0, of parts: Int = 1
    ) throws(ModelSpecError) {
      guard let element = tensor.element, FloatConversion.supported.contains(element) else {
        throw .tensorType(
          path: file.path, tensor: tensor.name, expected: FloatConversion.supported.map(\.rawValue),
          found: tensor.type)
      }
      let whole = [shape[0] * parts] + shape.dropFirst()
      guard tensor.shape == whole else {
        throw .tensorShape(path: file.path, tensor: tensor.name, expected: whole, found: tensor.shape)
      }
      self.part = part
      self.file = file
      self.tensor = tensor.name
      self.shape = shape
    }

    /// - Parameter elements: which of the role's elements; nil: all.
    /// - Throws: `nonFiniteTensor`; a NaN would otherwise surface as a wrong answer far from its cause.
    func floats(in elements: Range<Int>? = nil) throws(ModelSpecError) -> [Float] {
      let count = shape.reduce(1, *)
      let wanted = elements ?? 0..<count
      let start = part * count + wanted.lowerBound
      let values = try file.floats(tensor, in: start..<start + wanted.count)
      // x·0 is 0 for finite x and NaN otherwise, so one pass without branches tells whether to search.
      var probe: Float = 0
      for value in values { probe += value * 0 }
      if probe != 0, let index = values.firstIndex(where: { !$0.isFinite }) {
        throw .nonFiniteTensor(path: file.path, tensor: tensor, index: start + index)
      }
      return values
    }
  }

  let sources: [TensorRole: Source]
}
