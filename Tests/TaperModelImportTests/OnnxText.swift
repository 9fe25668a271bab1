/// Writes small ONNX files, whatever they say. Field numbers are those of onnx.proto.
struct OnnxText {
  private var graph: [UInt8] = []

  mutating func node(_ kind: String, _ inputs: [String], _ outputs: [String]) {
    var node: [UInt8] = []
    for input in inputs { node += Self.field(1, input) }
    for output in outputs { node += Self.field(2, output) }
    if kind == "Concat" {
      node += Self.field(5, Self.field(1, "axis") + Self.number(3, 1) + Self.number(20, 2))
    }
    graph += Self.field(1, node + Self.field(4, kind))
  }

  mutating func tensor(_ name: String, _ shape: [Int], integers: [Int]) {
    let data = integers.flatMap { integer in (0..<8).map { UInt8(truncatingIfNeeded: integer >> (8 * $0)) } }
    graph += Self.field(5, Self.header(name, shape, type: 7) + Self.field(9, data))
  }

  /// Floats in another file.
  mutating func external(_ name: String, _ shape: [Int], file: String) {
    let location = Self.field(1, "location") + Self.field(2, file)
    graph += Self.field(5, Self.header(name, shape, type: 1) + Self.field(13, location) + Self.number(14, 1))
  }

  /// The whole file, with input_ids as its input.
  func bytes(output: String) -> [UInt8] {
    let ends = Self.field(11, Self.field(1, "input_ids")) + Self.field(12, Self.field(1, output))
    return Self.field(8, Self.number(2, 17)) + Self.field(7, graph + ends)
  }

  private static func header(_ name: String, _ shape: [Int], type: Int) -> [UInt8] {
    shape.flatMap { number(1, $0) } + number(2, type) + field(8, name)
  }

  private static func field(_ number: Int, _ text: String) -> [UInt8] { field(number, Array(text.utf8)) }

  private static func field(_ number: Int, _ bytes: [UInt8]) -> [UInt8] {
    varint(number << 3 | 2) + varint(bytes.count) + bytes
  }

  private static func number(_ field: Int, _ value: Int) -> [UInt8] { varint(field << 3) + varint(value) }

  private static func varint(_ value: Int) -> [UInt8] {
    var (bits, bytes) = (UInt64(bitPattern: Int64(value)), [UInt8]())
    repeat {
      bytes.append(UInt8(bits & 0x7F) | (bits > 0x7F ? 0x80 : 0))
      bits >>= 7
    } while bits > 0
    return bytes
  }
}
