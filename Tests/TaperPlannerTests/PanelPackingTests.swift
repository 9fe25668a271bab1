import TaperPlanFormat
import TaperPlanner
import TestSupport
import Testing

/// Packed weights, element by element against the formula of ck_panel.h, and back again.
@Suite struct PanelPackingTests {
  private static let shapes = [(1, 1), (16, 4), (17, 5), (3, 7), (40, 33), (64, 64), (33, 2)]

  private func weights(_ columns: Int, _ depth: Int) -> [Float] {
    var generator = SeededGenerator(seed: UInt64(columns * 100 + depth))
    return (0..<columns * depth).map { _ in Float.random(in: -1...1, using: &generator) }
  }

  private func load<Element: FixedWidthInteger>(_ bytes: [UInt8], _ index: Int, from start: Int = 0)
    -> Element
  {
    let size = Element.bitWidth / 8
    return (0..<size).reduce(0) {
      $0 | Element(truncatingIfNeeded: bytes[start + index * size + $1]) << (8 * $1)
    }
  }

  /// ck_panel.h: the place of element (n, k) with `group` neighbours in depth side by side.
  private func place(_ n: Int, _ k: Int, depth: Int, group: Int) -> Int {
    let filled = (depth + group - 1) / group * group
    return n / 16 * 16 * filled + k / group * 16 * group + n % 16 * group + k % group
  }

  @Test(arguments: shapes) func floatsArePermuted(columns: Int, depth: Int) {
    let source = weights(columns, depth)
    let packed = PanelPacking.pack(source, columns: columns, depth: depth, layout: .panelF32)
    #expect(packed.count == (columns + 15) / 16 * 16 * depth * 4)
    var rest = Set(0..<packed.count / 4)
    for n in 0..<columns {
      for k in 0..<depth {
        let at = place(n, k, depth: depth, group: 1)
        #expect(load(packed, at) == source[n * depth + k].bitPattern)
        rest.remove(at)
      }
    }
    #expect(rest.allSatisfy { load(packed, $0) as UInt32 == 0 })
  }

  @Test(arguments: shapes) func halvesAreRoundedToTheNearest(columns: Int, depth: Int) {
    let source = weights(columns, depth)
    let packed = PanelPacking.pack(source, columns: columns, depth: depth, layout: .panelBF16)
    #expect(packed.count == (columns + 15) / 16 * 16 * ((depth + 1) / 2 * 2) * 2)
    for n in 0..<columns {
      for k in 0..<depth {
        let bits: UInt16 = load(packed, place(n, k, depth: depth, group: 2))
        let value = Float(bitPattern: UInt32(bits) << 16)
        // Eight bits of mantissa: half a unit in the last place.
        #expect(abs(value - source[n * depth + k]) <= source[n * depth + k].magnitude / 256)
      }
    }
    #expect(PanelPacking.bf16(1 + 0x1p-8) == 0x3F80 && PanelPacking.bf16(1 + 0x1.8p-7) == 0x3F82)
    #expect(PanelPacking.bf16(.nan) & 0x7F != 0 && PanelPacking.bf16(-.infinity) == 0xFF80)
  }

  /// Three planes are the value itself; two are within half a unit of the sixteenth bit.
  @Test(arguments: shapes) func planesAddUpToTheValue(columns: Int, depth: Int) {
    let source = weights(columns, depth)
    for (layout, planes) in [(WeightLayout.panelBF16x2, 2), (.panelBF16x3, 3)] {
      let packed = PanelPacking.pack(source, columns: columns, depth: depth, layout: layout)
      let groups = (depth + 1) / 2
      #expect(packed.count == (columns + 15) / 16 * 32 * groups * planes * 2)
      var rest = Set(0..<packed.count / 2)
      for n in 0..<columns {
        for k in 0..<depth {
          var sum: Float = 0
          for plane in (0..<planes).reversed() {
            let at = n / 16 * 32 * groups * planes + (k / 2 * planes + plane) * 32 + n % 16 * 2 + k % 2
            let bits: UInt16 = load(packed, at)
            sum += Float(bitPattern: UInt32(bits) << 16)
            rest.remove(at)
          }
          let value = source[n * depth + k]
          #expect(abs(sum - value) <= (planes == 3 ? 0 : value.magnitude * 0x1p-16))
        }
      }
      #expect(rest.allSatisfy { load(packed, $0) as UInt16 == 0 })
    }
  }

  /// What is not finite is in the last plane alone, and no number becomes infinite.
  @Test func planesOfValuesAtTheEnds() {
    let values: [Float] = [.infinity, -.infinity, .nan, .greatestFiniteMagnitude, -.greatestFiniteMagnitude]
    let packed = PanelPacking.pack(values, columns: 5, depth: 1, layout: .panelBF16x2)
    let planes = (0..<5).map { n in (load(packed, 2 * n) as UInt16, load(packed, 32 + 2 * n) as UInt16) }
    #expect(planes[0] == (0, 0x7F80) && planes[1] == (0, 0xFF80))
    #expect(planes[2].0 == 0 && planes[2].1 & 0x7FFF > 0x7F80)
    #expect(planes[3].0 == 0x7F7F && planes[4].0 == 0xFF7F)
    #expect(planes[3].1 < 0x7F80 && planes[4].1 < 0xFF80)
  }

  @Test(arguments: shapes) func codesHaveAScaleAndASumAColumn(columns: Int, depth: Int) {
    var source = weights(columns, depth)
    // One column of zeros.
    for k in 0..<depth { source[(columns - 1) * depth + k] = 0 }
    for layout in [WeightLayout.panelI8, .panelI8Pairs] {
      let packed = PanelPacking.pack(source, columns: columns, depth: depth, layout: layout)
      let width = (columns + 15) / 16 * 16
      let codeCount = width * ((depth + 3) / 4 * 4)
      #expect(packed.count == codeCount + 8 * width)
      for n in 0..<columns {
        let scale = Float(bitPattern: load(packed, n, from: codeCount))
        let row = source[n * depth..<(n + 1) * depth]
        #expect(scale > 0)
        var sum: Int32 = 0
        for (k, weight) in row.enumerated() {
          let code: Int8 = load(packed, place(n, k, depth: depth, group: 4))
          #expect(code != -128)
          #expect(abs(Float(code) * scale - weight) <= scale / 2 * 1.0001)
          sum += Int32(code)
        }
        #expect(load(packed, width + n, from: codeCount) == sum)
      }
    }
  }

  /// Of either sign, two neighbours' codes add up to at most 128, and no column is coarser than it must be.
  @Test func pairsAreBounded() {
    let columns: [[Float]] = [
      [1, 1, 1, 1], [-1, -1, 0, 1], [1, -1, 1, -1], [0.9999, 1, 1, 0.9999], [0.5, 0.5, 1, 0], [1, 0, 0, 0],
      [3e38, 3e38, 0, 0], [0.126, 0.874, 0.5, 0.5],
    ]
    for source in columns + (1...50).map({ weights($0, 4).suffix(4) }) {
      let packed = PanelPacking.pack(source, columns: 1, depth: 4, layout: .panelI8Pairs)
      let codes = (0..<4).map { k in Int(load(packed, place(0, k, depth: 4, group: 4)) as Int8) }
      for pair in [codes[0..<2], codes[2..<4]] {
        #expect(pair.map { max($0, 0) }.reduce(0, +) <= 128 && pair.map { min($0, 0) }.reduce(0, +) >= -128)
      }
      let sums = [abs(codes[0] + codes[1]), abs(codes[2] + codes[3])]
      #expect((codes.map(abs) + sums).max()! >= 126)
    }
  }
}
