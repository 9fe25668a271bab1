/// Stored little-endian elements to Float. Every F16 and BF16 value is a Float, so nothing is rounded.
enum FloatConversion {
  static let supported: [SafetensorsElement] = [.f32, .f16, .bf16]

  /// - Precondition: `element` is one of `supported`.
  static func floats(_ bytes: UnsafeRawBufferPointer, as element: SafetensorsElement) -> [Float] {
    let count = bytes.count / element.byteCount
    return unsafe [Float](unsafeUninitializedCapacity: count) { (floats, initialized) in
      for index in 0..<count {
        let value: Float
        switch element {
        case .f32:
          let bits = unsafe bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)
          value = Float(bitPattern: UInt32(littleEndian: bits))
        case .f16:
          let bits = unsafe bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
          value = Float(Float16(bitPattern: UInt16(littleEndian: bits)))
        case .bf16:
          let bits = unsafe bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
          value = Float(bitPattern: UInt32(UInt16(littleEndian: bits)) << 16)
        default: preconditionFailure("no conversion from \(element.rawValue) to Float")
        }
        unsafe floats.initializeElement(at: index, to: value)
      }
      initialized = count
    }
  }
}
