package import TaperBase
import TaperJSON

/// Writes a safetensors file: header in the order of adding, data 8-byte aligned, no holes. The same tensors give the
/// same bytes.
public struct SafetensorsWriter: Sendable {
  private struct Entry: Sendable {
    let name: String
    let element: SafetensorsElement
    let shape: [Int]
    let bytes: [UInt8]
  }

  private var entries: [Entry] = []
  private let metadata: [(key: String, value: String)]

  /// - Parameter metadata: text for the header's `__metadata__`; keys are distinct.
  public init(metadata: [(key: String, value: String)] = []) { self.metadata = metadata }

  /// Adds a tensor of `values` in row-major order.
  /// - Precondition: the name is new and the count is the shape's product.
  public mutating func add(_ name: String, shape: [Int], values: [Float]) {
    add(name, .f32, shape, values)
  }

  package mutating func add(_ name: String, shape: [Int], integers values: [UInt32]) {
    add(name, .u32, shape, values)
  }

  package mutating func add(_ name: String, shape: [Int], integers values: [Int32]) {
    add(name, .i32, shape, values)
  }

  package mutating func add(_ name: String, shape: [Int], integers values: [Int64]) {
    add(name, .i64, shape, values)
  }

  private mutating func add<Value: BitwiseCopyable>(
    _ name: String, _ element: SafetensorsElement, _ shape: [Int], _ values: [Value]
  ) {
    precondition(shape.reduce(1, *) == values.count, "\(name): \(values.count) values for shape \(shape)")
    precondition(!entries.contains { $0.name == name }, "\(name) is added twice")
    let bytes = unsafe values.span.bytes.withUnsafeBytes { unsafe [UInt8]($0) }
    entries.append(Entry(name: name, element: element, shape: shape, bytes: bytes))
  }

  /// The whole file.
  package func encoded() -> [UInt8] { header + entries.flatMap(\.bytes) }

  /// Writes the file under a temporary name and renames it into place.
  /// - Throws: `file`.
  public func write(to path: String) throws(ModelSpecError) {
    let header = header
    try FileSink.write(path) { (sink) throws(ModelSpecError) in
      try sink.write(header)
      for entry in entries { try sink.write(entry.bytes) }
    }
  }

  /// Writes a file of f32 tensors that are made one after the other, so that no two are in memory at once.
  /// - Parameter values: the elements of the tensor at this place of `tensors`, as many as its shape says.
  /// - Throws: `file`, and what `values` throws.
  package static func write<Failure: FileFailure>(
    to path: String, _ tensors: [(name: String, shape: [Int])], values: (Int) throws(Failure) -> [Float]
  ) throws(Failure) {
    let header = header(tensors.map { ($0.name, .f32, $0.shape, 4 * $0.shape.reduce(1, *)) }, metadata: [])
    try FileSink<Failure>.write(path) { (sink) throws(Failure) in
      try sink.write(header)
      for (place, tensor) in tensors.enumerated() {
        let elements = try values(place)
        precondition(
          elements.count == tensor.shape.reduce(1, *), "\(tensor.name): another count than its shape's")
        try unsafe elements.span.bytes.withUnsafeBytes { (bytes) throws(Failure) in
          try unsafe sink.write(bytes)
        }
      }
    }
  }

  private var header: [UInt8] {
    Self.header(entries.map { ($0.name, $0.element, $0.shape, $0.bytes.count) }, metadata: metadata)
  }

  /// Length and JSON, padded with spaces so that the data begins on a multiple of 8.
  private static func header(
    _ entries: [(name: String, element: SafetensorsElement, shape: [Int], byteCount: Int)],
    metadata: [(key: String, value: String)]
  ) -> [UInt8] {
    var object = JSONObject()
    if !metadata.isEmpty {
      object["__metadata__"] = .object(JSONObject(metadata.map { ($0.key, .string($0.value)) }))
    }
    var offset = 0
    for entry in entries {
      let end = offset + entry.byteCount
      object[entry.name] = [
        "dtype": .string(entry.element.rawValue), "shape": .array(entry.shape.map { .integer(Int64($0)) }),
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
