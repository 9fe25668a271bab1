package import TaperPlanFormat

/// Packs matrices into panels (`WeightLayout`, ck_panel.h): a permutation, with the elements reduced to the layout's.
package enum PanelPacking {
  /// The bytes of `elements`, row-major [columns, depth], in a packed layout.
  /// - Precondition: the layout is packed and there are columns · depth elements.
  package static func pack(_ elements: [Float], columns: Int, depth: Int, layout: WeightLayout) -> [UInt8] {
    precondition(elements.count == columns * depth, "a tensor of another size")
    let count = Int(layout.byteCount(columns: columns, depth: depth))
    return unsafe [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
      unsafe target.initialize(repeating: 0)
      // Safe: `place` keeps inside the layout's own byte count, and the array's memory is aligned for its elements.
      unsafe elements.withUnsafeBufferPointer { source in
        let raw = UnsafeMutableRawBufferPointer(target)
        switch layout {
        case .rowMajor: preconditionFailure("row-major tensors are not packed")
        case .panelF32:
          unsafe place(source, columns, depth, group: 1, raw.bindMemory(to: Float.self)) { $1 }
        case .panelBF16:
          unsafe place(source, columns, depth, group: 2, raw.bindMemory(to: UInt16.self)) { bf16($1) }
        case .panelBF16x2, .panelBF16x3:
          unsafe placePlanes(
            source, columns, depth, layout.activation.planes, raw.bindMemory(to: UInt16.self))
        case .panelI8: unsafe packCodes(source, columns, depth, raw) { unsafe ColumnScale.best($0) }
        case .panelI8Pairs: unsafe packCodes(source, columns, depth, raw) { unsafe ColumnScale.ofPairs($0) }
        }
      }
      initialized = count
    }
  }

  /// Puts every element, as `encode(column, value)` makes it, where the layout wants it. Inlined, so that `encode` is.
  @inline(__always) private static func place<Element: BitwiseCopyable>(
    _ source: UnsafeBufferPointer<Float>, _ columns: Int, _ depth: Int, group: Int,
    _ target: UnsafeMutableBufferPointer<Element>, _ encode: (Int, Float) -> Element
  ) {
    let width = WeightLayout.panelWidth
    let stride = width * ((depth + group - 1) / group * group)
    for n in 0..<columns {
      let first = n / width * stride + n % width * group
      for k in 0..<depth {
        unsafe target[first + k / group * width * group + k % group] = encode(n, source[n * depth + k])
      }
    }
  }

  /// Rounded to nearest, ties to even; a NaN stays one. As ck_encode_bf16.
  package static func bf16(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    if value.isNaN { return UInt16(bits >> 16) | 64 }
    return UInt16((bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
  }

  /// Puts every element's planes where the layout wants them.
  private static func placePlanes(
    _ source: UnsafeBufferPointer<Float>, _ columns: Int, _ depth: Int, _ planes: Int,
    _ target: UnsafeMutableBufferPointer<UInt16>
  ) {
    let (width, line) = (WeightLayout.panelWidth, 2 * WeightLayout.panelWidth)
    let stride = line * planes * ((depth + 1) / 2)
    for n in 0..<columns {
      let first = n / width * stride + n % width * 2
      for k in 0..<depth {
        var rest = unsafe source[n * depth + k]
        for plane in 0..<planes {
          let (bits, remainder) = self.plane(of: rest, isLast: plane == planes - 1)
          unsafe target[first + (k / 2 * planes + plane) * line + k % 2] = bits
          rest = remainder
        }
      }
    }
  }

  /// The next plane of a value, and what remains for those after it: as the planes of ck_encode_bf16x2.
  private static func plane(of value: Float, isLast: Bool) -> (bits: UInt16, rest: Float) {
    guard value.isFinite else { return isLast ? (bf16(value), 0) : (0, value) }
    // No value that is finite becomes an infinity: 0x7F7F is the largest bf16.
    let bits = min(bf16(value.magnitude), 0x7F7F) | (value.sign == .minus ? 0x8000 : 0)
    return (bits, value - Float(bitPattern: UInt32(bits) << 16))
  }

  /// Symmetric codes with a scale a column, then the scales, then the columns' sums of codes.
  private static func packCodes(
    _ source: UnsafeBufferPointer<Float>, _ columns: Int, _ depth: Int,
    _ target: UnsafeMutableRawBufferPointer, scale: (UnsafeBufferPointer<Float>) -> Float
  ) {
    let width = WeightLayout.panels(columns: columns) * WeightLayout.panelWidth
    let codeCount = target.count - width * 8
    let codes = unsafe UnsafeMutableRawBufferPointer(rebasing: target[..<codeCount]).bindMemory(to: Int8.self)
    for n in 0..<columns {
      let row = unsafe UnsafeBufferPointer(rebasing: source[n * depth..<(n + 1) * depth])
      let scale = unsafe scale(row)
      unsafe target.storeBytes(of: scale, toByteOffset: codeCount + n * 4, as: Float.self)
      let sum = unsafe row.reduce(Int32(0)) { $0 + Int32(ColumnScale.code($1, scale: scale)) }
      unsafe target.storeBytes(of: sum, toByteOffset: codeCount + width * 4 + n * 4, as: Int32.self)
    }
    unsafe place(source, columns, depth, group: 4, codes) { n, weight in
      ColumnScale.code(weight, scale: unsafe target.load(fromByteOffset: codeCount + n * 4, as: Float.self))
    }
  }
}
