import TaperJSON

/// A tensor as bytes, for building safetensors files by hand, sound or not.
struct RawTensor {
  var name: String
  var type: String
  var shape: [Int]
  var data: [UInt8]

  /// A whole file: tensors in order, no holes.
  static func file(_ tensors: [RawTensor]) -> [UInt8] {
    var header = JSONObject()
    var offset = 0
    for tensor in tensors {
      let end = offset + tensor.data.count
      header[tensor.name] = [
        "dtype": .string(tensor.type), "shape": .array(tensor.shape.map { .integer(Int64($0)) }),
        "data_offsets": [.integer(Int64(offset)), .integer(Int64(end))],
      ]
      offset = end
    }
    return file(header: JSONValue.object(header).serialized(), data: tensors.flatMap(\.data))
  }

  /// A file with this header text, whatever it says.
  static func file(header: String, data: [UInt8]) -> [UInt8] {
    length(header.utf8.count) + header.utf8 + data
  }

  static func length(_ count: Int) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: UInt64(count) >> (8 * $0)) }
  }
}
