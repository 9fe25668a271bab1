import TaperModelSpec

/// Reads reference.safetensors.
struct SampleDecoder {
  private let bytes: [UInt8]
  private let path: String
  private let tensors: [String: SafetensorsTensor]

  init(bytes: [UInt8], path: String) throws(CalibrationError) {
    self.bytes = bytes
    self.path = path
    let header: SafetensorsHeader
    do throws(SafetensorsDefect) {
      header = try unsafe bytes.span.bytes.withUnsafeBytes { (bytes) throws(SafetensorsDefect) in
        try unsafe SafetensorsHeader.read(bytes)
      }
    } catch {
      throw .notSafetensors(path: path, error)
    }
    tensors = Dictionary(header.tensors.map { ($0.name, $0) }) { first, _ in first }
  }

  func samples(count: Int, width: Int, labelCount: Int) throws(CalibrationError) -> [CalibrationSample] {
    let offsets = try tensor("offsets", .i64, [count + 1])
    let tokens = integer64(offsets, count)
    guard integer64(offsets, 0) == 0, tokens >= count, tokens <= bytes.count / 4 else {
      throw malformed("offsets", "ascending from 0 to the number of tokens", "\(tokens) at the end")
    }
    let ids = try tensor("ids", .u32, [tokens])
    let typeIDs = try tensor("type_ids", .u32, [tokens])
    let reference = try tensor("reference", .f32, [count, width])
    let labels = try tensor("labels", .i32, [count])
    let values = try tensor("values", .f32, [count])
    var samples: [CalibrationSample] = []
    samples.reserveCapacity(count)
    for index in 0..<count {
      let begin = integer64(offsets, index)
      let end = integer64(offsets, index + 1)
      guard begin < end, end <= tokens else {
        throw malformed("offsets", "ascending", "\(begin), \(end) at text \(index)")
      }
      let label = Int(Int32(bitPattern: integer32(labels, index)))
      guard label >= -1, label < labelCount else {
        throw malformed("labels", "−1 or indexes below \(labelCount)", "\(label) at text \(index)")
      }
      let value = Float(bitPattern: integer32(values, index))
      let outputs = (index * width..<(index + 1) * width).map { Float(bitPattern: integer32(reference, $0)) }
      guard outputs.allSatisfy(\.isFinite), !value.isInfinite else {
        throw malformed("reference and values", "finite", "a number that is not, at text \(index)")
      }
      samples.append(
        CalibrationSample(
          ids: (begin..<end).map { integer32(ids, $0) },
          typeIDs: (begin..<end).map { integer32(typeIDs, $0) },
          reference: outputs, label: label < 0 ? nil : label, value: value.isNaN ? nil : value))
    }
    return samples
  }

  /// The tensor `name`, which must have this type and shape. Its bytes lie in the file: the header was checked.
  private func tensor(
    _ name: String, _ element: SafetensorsElement, _ shape: [Int]
  ) throws(CalibrationError) -> SafetensorsTensor {
    guard let tensor = tensors[name] else {
      throw malformed("tensor \(name)", "\(element.rawValue) \(shape)", "no such tensor")
    }
    guard tensor.element == element, tensor.shape == shape else {
      throw malformed(
        "tensor \(name)", "\(element.rawValue) \(shape)", "\(tensor.type) \(tensor.shape)")
    }
    return tensor
  }

  private func malformed(_ part: String, _ expected: String, _ found: String) -> CalibrationError {
    .malformed(path: path, part: part, expected: expected, found: found)
  }

  private func integer32(_ tensor: SafetensorsTensor, _ index: Int) -> UInt32 {
    var value: UInt32 = 0
    for byte in 0..<4 {
      value |= UInt32(bytes[tensor.range.lowerBound + index * 4 + byte]) << UInt32(8 * byte)
    }
    return value
  }

  private func integer64(_ tensor: SafetensorsTensor, _ index: Int) -> Int {
    var value: UInt64 = 0
    for byte in 0..<8 {
      value |= UInt64(bytes[tensor.range.lowerBound + index * 8 + byte]) << UInt64(8 * byte)
    }
    return Int(Int64(bitPattern: value))
  }
}
