import TaperBase

/// A constant of a graph: its shape and element type, and where its bytes are. They are read when they are asked for.
struct StoredConstant: Sendable {
  enum Element: Sendable, Hashable {
    case f32, f16, bf16, f64
    case u8, i8, u16, i16, u32, i32, u64, i64
    case boolean
    /// Two elements a byte, the first in the low half.
    case u4, i4

    var isFloat: Bool {
      switch self {
      case .f32, .f16, .bf16, .f64: true
      default: false
      }
    }

    /// Whether numbers of this type stand for others, by a scale.
    var isNarrow: Bool { [.u8, .i8, .u4, .i4].contains(self) }

    var bitCount: Int {
      switch self {
      case .u4, .i4: 4
      case .u8, .i8, .boolean: 8
      case .f16, .bf16, .u16, .i16: 16
      case .f32, .u32, .i32: 32
      case .f64, .u64, .i64: 64
      }
    }
  }

  /// Where the elements are: little-endian, row-major.
  enum Storage: Sendable {
    case mapped(MappedFile, start: Int)
    case bytes([UInt8])
  }

  let shape: [Int]
  let element: Element
  private let storage: Storage
  let count: Int

  /// - Precondition: the storage holds `byteCount(shape, element)` bytes from its start.
  init(shape: [Int], count: Int, element: Element, storage: Storage) {
    self.shape = shape
    self.count = count
    self.element = element
    self.storage = storage
  }

  /// Bytes of so many elements.
  static func byteCount(_ count: Int, _ element: Element) -> Int { (count * element.bitCount + 7) / 8 }

  var byteCount: Int { Self.byteCount(count, element) }

  /// The same bytes, read as other elements.
  /// - Precondition: they are as many.
  func reinterpreted(as element: Element, shape: [Int]) -> StoredConstant {
    StoredConstant(shape: shape, count: shape.reduce(1, *), element: element, storage: storage)
  }

  func tensor() -> GraphTensor {
    let elements = elements(0..<count)
    return GraphTensor(shape: shape, elements: elements)
  }

  /// Rows of the first axis, one after the other.
  /// - Precondition: each is a row.
  func rows(_ rows: [Int]) -> GraphTensor.Elements {
    let width = shape.dropFirst().reduce(1, *)
    if element.isFloat {
      var values: [Float] = []
      values.reserveCapacity(rows.count * width)
      for row in rows {
        if case .floats(let part) = elements(row * width..<(row + 1) * width) { values += part }
      }
      return .floats(values)
    }
    var values: [Int] = []
    values.reserveCapacity(rows.count * width)
    for row in rows {
      if case .integers(let part) = elements(row * width..<(row + 1) * width) { values += part }
    }
    return .integers(values)
  }

  private func elements(_ range: Range<Int>) -> GraphTensor.Elements {
    switch storage {
    case .mapped(let file, let start): unsafe file.withBytes { unsafe decode($0, start, range) }
    case .bytes(let bytes): unsafe bytes.span.bytes.withUnsafeBytes { unsafe decode($0, 0, range) }
    }
  }

  private func decode(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ range: Range<Int>)
    -> GraphTensor.Elements
  {
    func load<T: BitwiseCopyable>(_ index: Int, _ type: T.Type) -> T {
      unsafe bytes.loadUnaligned(fromByteOffset: start + index * MemoryLayout<T>.size, as: T.self)
    }
    func half(_ index: Int) -> UInt8 {
      let byte = unsafe bytes[start + index / 2]
      return index & 1 == 0 ? byte & 15 : byte >> 4
    }
    switch element {
    case .f32: return .floats(range.map { load($0, Float.self) })
    case .f16: return .floats(range.map { Float(Float16(bitPattern: load($0, UInt16.self))) })
    case .bf16: return .floats(range.map { Float(bitPattern: UInt32(load($0, UInt16.self)) << 16) })
    case .f64: return .floats(range.map { Float(load($0, Double.self)) })
    case .u8: return .integers(range.map { Int(load($0, UInt8.self)) })
    case .i8: return .integers(range.map { Int(load($0, Int8.self)) })
    case .u16: return .integers(range.map { Int(load($0, UInt16.self)) })
    case .i16: return .integers(range.map { Int(load($0, Int16.self)) })
    case .u32: return .integers(range.map { Int(load($0, UInt32.self)) })
    case .i32: return .integers(range.map { Int(load($0, Int32.self)) })
    case .u64: return .integers(range.map { Int(clamping: load($0, UInt64.self)) })
    case .i64: return .integers(range.map { Int(load($0, Int64.self)) })
    case .boolean: return .integers(range.map { load($0, UInt8.self) == 0 ? 0 : 1 })
    case .u4: return .integers(range.map { Int(half($0)) })
    case .i4: return .integers(range.map { Int(half($0)) - (half($0) & 8 == 0 ? 0 : 16) })
    }
  }
}
