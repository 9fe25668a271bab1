import TaperJSON

/// The header of a safetensors file: an 8-byte little-endian length, then a JSON object that gives each tensor's type,
/// shape and byte range in the data that follows.
///
/// Reading never traps. Either every range of the header lies inside the file, has exactly its tensor's size, and
/// touches its neighbours without gap or overlap, or reading throws a `SafetensorsDefect`. These are the format's own
/// rules; some readers are less strict.
public struct SafetensorsHeader: Hashable, Sendable {
  /// The format's limit.
  public static let maximumByteCount = 100_000_000

  /// In the order of their data.
  public let tensors: [SafetensorsTensor]
  /// `__metadata__`, in order.
  public let metadata: [String: String]

  /// Reads the header of the whole file `bytes`.
  public static func read(_ bytes: UnsafeRawBufferPointer) throws(SafetensorsDefect) -> SafetensorsHeader {
    guard bytes.count >= 8 else { throw .noHeader(fileSize: bytes.count) }
    let claimed = unsafe UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard claimed <= UInt64(maximumByteCount) else {
      throw .headerTooLarge(found: claimed, limit: maximumByteCount)
    }
    let length = Int(claimed)
    guard length <= bytes.count - 8 else {
      throw .headerTruncated(expected: length, found: bytes.count - 8)
    }
    let document: JSONValue
    do throws(JSONError) {
      document = try unsafe JSONValue.parse(UnsafeRawBufferPointer(rebasing: bytes[8..<8 + length]))
    } catch {
      throw .headerNotJSON(error)
    }
    guard let object = document.object else { throw .headerNotObject(found: document.kindDescription) }
    return try SafetensorsHeader(object, dataStart: 8 + length, dataCount: bytes.count - 8 - length)
  }

  private init(_ object: JSONObject, dataStart: Int, dataCount: Int) throws(SafetensorsDefect) {
    var metadata: [String: String] = [:]
    var tensors: [SafetensorsTensor] = []
    for (name, value) in object.members {
      if name == "__metadata__" {
        metadata = try Self.metadata(value)
      } else {
        tensors.append(try Self.tensor(name, value, dataStart: dataStart, dataCount: dataCount))
      }
    }
    tensors.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
    try Self.checkContiguous(tensors, dataStart: dataStart, dataCount: dataCount)
    self.tensors = tensors
    self.metadata = metadata
  }

  private static func metadata(_ value: JSONValue) throws(SafetensorsDefect) -> [String: String] {
    guard let object = value.object else { throw .metadata(found: value.kindDescription) }
    var result: [String: String] = [:]
    for (key, value) in object.members {
      guard let text = value.string else { throw .metadata(found: "\(value.kindDescription) at \"\(key)\"") }
      result[key] = text
    }
    return result
  }

  private static func tensor(_ name: String, _ value: JSONValue, dataStart: Int, dataCount: Int)
    throws(SafetensorsDefect) -> SafetensorsTensor
  {
    guard value.object != nil else {
      throw .description(
        tensor: name, member: "its description", expected: "an object", found: value.kindDescription)
    }
    guard let type = value["dtype"]?.string else {
      throw .description(
        tensor: name, member: "dtype", expected: "a string",
        found: value["dtype"]?.kindDescription ?? "nothing")
    }
    let element = SafetensorsElement(rawValue: type)
    let shape = try sizes(of: value, "shape", tensor: name)
    let offsets = try sizes(of: value, "data_offsets", tensor: name)
    guard offsets.count == 2 else {
      throw .description(
        tensor: name, member: "data_offsets", expected: "two offsets", found: "\(offsets.count)")
    }
    guard offsets[0] <= offsets[1] else {
      throw .offsetsReversed(tensor: name, begin: offsets[0], end: offsets[1])
    }
    guard offsets[1] <= dataCount else {
      throw .outOfFile(tensor: name, end: offsets[1], available: dataCount)
    }
    var expected = element?.byteCount ?? 0
    for size in shape {
      let (product, overflow) = expected.multipliedReportingOverflow(by: size)
      guard !overflow else { throw .shapeTooLarge(tensor: name, shape: shape) }
      expected = product
    }
    // How large an element of an unknown type is, is unknown as well.
    guard element == nil || offsets[1] - offsets[0] == expected else {
      throw .sizeMismatch(tensor: name, expected: expected, found: offsets[1] - offsets[0])
    }
    return SafetensorsTensor(
      name: name, type: type, shape: shape, range: dataStart + offsets[0]..<dataStart + offsets[1])
  }

  private static func sizes(of value: JSONValue, _ member: String, tensor: String) throws(SafetensorsDefect)
    -> [Int]
  {
    guard let elements = value[member]?.array else {
      throw .description(
        tensor: tensor, member: member, expected: "an array",
        found: value[member]?.kindDescription ?? "nothing")
    }
    var sizes: [Int] = []
    for element in elements {
      guard let size = element.int, size >= 0 else {
        throw .description(
          tensor: tensor, member: member, expected: "an array of sizes",
          found: "\(element.serialized()) in it")
      }
      sizes.append(size)
    }
    return sizes
  }

  /// No holes, no overlaps, nothing after the last tensor.
  private static func checkContiguous(_ tensors: [SafetensorsTensor], dataStart: Int, dataCount: Int)
    throws(SafetensorsDefect)
  {
    var end = dataStart
    for (index, tensor) in tensors.enumerated() {
      let begin = tensor.range.lowerBound
      if begin < end {
        throw .overlap(
          tensor: tensor.name, begin: begin - dataStart, other: tensors[index - 1].name,
          otherEnd: end - dataStart)
      }
      if begin > end {
        throw .hole(tensor: tensor.name, expectedBegin: end - dataStart, found: begin - dataStart)
      }
      end = tensor.range.upperBound
    }
    guard end == dataStart + dataCount else {
      throw .trailingBytes(expectedEnd: end - dataStart, found: dataCount)
    }
  }
}

/// A tensor as a safetensors header describes it; checked against the file.
public struct SafetensorsTensor: Hashable, Sendable {
  public let name: String
  /// As the file names it.
  public let type: String
  public let shape: [Int]
  /// Byte range from the start of the file.
  public let range: Range<Int>
  /// nil for a type that this version does not know: such a tensor may be in the file, but not be used.
  public var element: SafetensorsElement? { SafetensorsElement(rawValue: type) }
}

/// Element types of the safetensors format.
public enum SafetensorsElement: String, CaseIterable, Hashable, Sendable {
  case bool = "BOOL"
  case u8 = "U8"
  case i8 = "I8"
  case f8e5m2 = "F8_E5M2"
  case f8e4m3 = "F8_E4M3"
  case i16 = "I16"
  case u16 = "U16"
  case f16 = "F16"
  case bf16 = "BF16"
  case i32 = "I32"
  case u32 = "U32"
  case f32 = "F32"
  case i64 = "I64"
  case u64 = "U64"
  case f64 = "F64"

  public var byteCount: Int {
    switch self {
    case .bool, .u8, .i8, .f8e5m2, .f8e4m3: 1
    case .i16, .u16, .f16, .bf16: 2
    case .i32, .u32, .f32: 4
    case .i64, .u64, .f64: 8
    }
  }
}
