import TaperBase
import TaperJSON

/// Writes F32 tensors as a safetensors file: header in the order of adding, data 8-byte aligned, no holes. The same
/// tensors give the same bytes.
public struct SafetensorsWriter: Sendable {
  private struct Entry: Sendable {
    let name: String
    let shape: [Int]
    let values: [Float]
  }

  private var entries: [Entry] = []
  private let metadata: [(key: String, value: String)]

  /// - Parameter metadata: text for the header's `__metadata__`; keys are distinct.
  public init(metadata: [(key: String, value: String)] = []) { self.metadata = metadata }

  /// Adds a tensor of `values` in row-major order.
  /// - Precondition: the name is new and the count is the shape's product.
  public mutating func add(_ name: String, shape: [Int], values: [Float]) {
    precondition(shape.reduce(1, *) == values.count, "\(name): \(values.count) values for shape \(shape)")
    precondition(!entries.contains { $0.name == name }, "\(name) is added twice")
    entries.append(Entry(name: name, shape: shape, values: values))
  }

  /// Writes the file under a temporary name and renames it into place.
  /// - Throws: `file`.
  public func write(to path: String) throws(ModelSpecError) {
    let header = header
    try FileSink.write(path) { (sink) throws(ModelSpecError) in
      try sink.write(header)
      for entry in entries {
        try unsafe entry.values.span.bytes.withUnsafeBytes { (bytes) throws(ModelSpecError) in
          try unsafe sink.write(bytes)
        }
      }
    }
  }

  /// Length and JSON, padded with spaces so that the data begins on a multiple of 8.
  private var header: [UInt8] {
    var object = JSONObject()
    if !metadata.isEmpty {
      object["__metadata__"] = .object(JSONObject(metadata.map { ($0.key, .string($0.value)) }))
    }
    var offset = 0
    for entry in entries {
      let end = offset + 4 * entry.values.count
      object[entry.name] = [
        "dtype": "F32", "shape": .array(entry.shape.map { .integer(Int64($0)) }),
        "data_offsets": [.integer(Int64(offset)), .integer(Int64(end))],
      ]
      offset = end
    }
    var text = [UInt8](JSONValue.object(object).serialized().utf8)
    text += [UInt8](repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8)
    var writer = ByteWriter()
    writer.write(UInt64(text.count))
    writer.write(raw: text)
    return writer.bytes
  }
}
