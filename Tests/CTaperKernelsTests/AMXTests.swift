import CAMXEmulator
import CTaperKernels
import Testing

let reasonWithoutAMX: Comment = "SKIPPED: this CPU has neither AMX nor the AVX-512 that its emulation needs"

/// The tile instructions and the kernels made of them: by the CPU where it has AMX, by CAMXEmulator elsewhere. The
/// references here follow Intel's pseudo-code, and share nothing with the emulator.
@Suite(.enabled(if: testedTiers.contains(CK_TIER_AMX), reasonWithoutAMX)) struct AMXTests {
  /// Rows, columns (16 words or fewer) and depth (words of a row of a) of a product of tiles.
  private static let shapes = [
    (16, 16, 16), (1, 1, 1), (16, 1, 16), (1, 16, 1), (5, 11, 7), (13, 16, 3), (16, 2, 15), (7, 9, 16),
  ]

  /// What a product reads and writes: tiles of 16 rows of 16 words.
  private struct Operands {
    let c: [UInt32]
    let a: [UInt32]
    let b: [UInt32]

    init(_ draw: () -> UInt32) { (c, a, b) = (Self.tile(draw), Self.tile(draw), Self.tile(draw)) }

    private static func tile(_ draw: () -> UInt32) -> [UInt32] { (0..<256).map { _ in draw() } }
  }

  private typealias Multiply = (UnsafeMutableRawPointer, UnsafeRawPointer, UnsafeRawPointer) -> Void

  /// c after the product: words of rows and columns beyond the shape are not stored.
  private func result(_ operands: Operands, _ multiply: Multiply) -> [UInt32] {
    var c = operands.c
    unsafe c.withUnsafeMutableBytes { c in
      unsafe operands.a.withUnsafeBytes { a in
        unsafe operands.b.withUnsafeBytes { b in
          unsafe multiply(c.baseAddress!, a.baseAddress!, b.baseAddress!)
        }
      }
    }
    return c
  }

  private func byInstruction(
    _ product: amx_product, _ shape: (rows: Int, columns: Int, depth: Int), _ operands: Operands
  ) -> [UInt32] {
    var stored = [UInt8](repeating: 0xAA, count: 64)
    let (c, a, b) = Self.tileShapes(shape)
    let found = unsafe stored.withUnsafeMutableBytes { stored in
      unsafe result(operands) { unsafe amx_multiply(product, c, a, b, $0, $1, $2, stored.baseAddress) }
    }
    var config = [UInt8](repeating: 0, count: 64)
    config[0] = 1
    for (tile, shape) in [c, a, b].enumerated() {
      config[16 + 2 * tile] = UInt8(shape.row_bytes)
      config[48 + tile] = UInt8(shape.rows)
    }
    expect(stored == config, "STTILECFG gives back \(stored)")
    return found
  }

  private static func tileShapes(
    _ shape: (rows: Int, columns: Int, depth: Int)
  ) -> (amx_shape, amx_shape, amx_shape) {
    let (rows, columns, depth) = (UInt32(shape.rows), UInt32(shape.columns), UInt32(shape.depth))
    return (
      amx_shape(rows: rows, row_bytes: 4 * columns), amx_shape(rows: rows, row_bytes: 4 * depth),
      amx_shape(rows: depth, row_bytes: 4 * columns)
    )
  }

  private func withEveryShape(_ body: ((rows: Int, columns: Int, depth: Int), inout Generator) -> Void) {
    withEvery("rows, columns, depth", in: Self.shapes) { rows, columns, depth in
      var generator = Generator(seed: UInt64(rows * 10_000 + columns * 100 + depth))
      for _ in 0..<8 { body((rows, columns, depth), &generator) }
    }
  }

  @Test func bytesTimesBytes() {
    let signs: [(amx_product, Bool, Bool)] = [
      (AMX_SS, true, true), (AMX_SU, true, false), (AMX_US, false, true), (AMX_UU, false, false),
    ]
    withEvery("product, a signed, b signed", in: signs) { product, aIsSigned, bIsSigned in
      withEveryShape { shape, generator in
        let operands = Operands { generator.word() }
        var wanted = operands.c
        for m in 0..<shape.rows {
          for n in 0..<shape.columns {
            for k in 0..<shape.depth {
              for byte in 0..<4 {
                let left = Self.byte(byte, of: operands.a[m * 16 + k], aIsSigned)
                wanted[m * 16 + n] &+= UInt32(
                  bitPattern: left * Self.byte(byte, of: operands.b[k * 16 + n], bIsSigned))
              }
            }
          }
        }
        expect(byInstruction(product, shape, operands) == wanted, "\(shape)")
      }
    }
  }

  private static func byte(_ byte: Int, of word: UInt32, _ isSigned: Bool) -> Int32 {
    let value = UInt8(truncatingIfNeeded: word >> (8 * byte))
    return isSigned ? Int32(Int8(bitPattern: value)) : Int32(value)
  }

  /// Even and odd elements are summed apart, then together, then added to c; subnormals are zeros at every step.
  @Test(arguments: [false, true]) func pairsOfBfloat16(special: Bool) {
    withEveryShape { shape, generator in
      let operands = Operands { special ? generator.specialPair() : generator.pair() }
      var wanted = operands.c
      for m in 0..<shape.rows {
        for n in 0..<shape.columns {
          var sums: (even: Float, odd: Float) = (0, 0)
          for k in 0..<shape.depth {
            let (left, right) = (operands.a[m * 16 + k], operands.b[k * 16 + n])
            sums.even = Self.sum(sums.even, left << 16, right << 16)
            sums.odd = Self.sum(sums.odd, left & 0xFFFF_0000, right & 0xFFFF_0000)
          }
          let c = Self.flushed(Float(bitPattern: wanted[m * 16 + n]))
          wanted[m * 16 + n] = Self.flushed(c + Self.flushed(sums.even + sums.odd)).bitPattern
        }
      }
      let found = byInstruction(AMX_BF16, shape, operands)
      expect(zip(found, wanted).allSatisfy(Self.sameOrBothNaN), "\(shape)")
      if !special { expect(found == wanted, "\(shape), bit for bit") }
    }
  }

  private static func sameOrBothNaN(_ a: UInt32, _ b: UInt32) -> Bool {
    a == b || (Float(bitPattern: a).isNaN && Float(bitPattern: b).isNaN)
  }

  private static func flushed(_ x: Float) -> Float { x.isSubnormal ? (x.sign == .minus ? -0.0 : 0.0) : x }

  private static func sum(_ sum: Float, _ a: UInt32, _ b: UInt32) -> Float {
    flushed(sum.addingProduct(flushed(Float(bitPattern: a)), flushed(Float(bitPattern: b))))
  }

  /// On a CPU with AMX this holds the emulator to it.
  @Test func theModelIsTheInstruction() {
    withEvery("product", in: [AMX_BF16, AMX_SS, AMX_SU, AMX_US, AMX_UU]) { product in
      withEveryShape { shape, generator in
        let operands = Operands { product == AMX_BF16 ? generator.specialPair() : generator.word() }
        let (c, a, b) = Self.tileShapes(shape)
        let model = unsafe result(operands) { unsafe amx_multiply_by_model(product, c, a, b, $0, $1, $2) }
        let same = zip(byInstruction(product, shape, operands), model).allSatisfy {
          product == AMX_BF16 ? Self.sameOrBothNaN($0, $1) : $0 == $1
        }
        expect(same, "\(shape)")
      }
    }
  }

  /// Multiplies bf16 tiles of so many rows and bytes a row.
  fileprivate static func multiply(c: (UInt32, UInt32), a: (UInt32, UInt32), b: (UInt32, UInt32)) {
    _ = testedTiers
    let shapes = [c, a, b].map { amx_shape(rows: $0.0, row_bytes: $0.1) }
    var words = [UInt32](repeating: 0, count: 256)
    let operands = words
    unsafe words.withUnsafeMutableBytes { words in
      unsafe operands.withUnsafeBytes {
        unsafe amx_multiply(
          AMX_BF16, shapes[0], shapes[1], shapes[2], words.baseAddress, $0.baseAddress, $0.baseAddress,
          words.baseAddress)
      }
    }
  }

  /// What Intel's manual says faults ends the process: a kernel that configures its tiles wrongly does not pass.
  @Test func wrongShapesFault() async {
    await #expect(processExitsWith: .success, "shapes that fit") {
      AMXTests.multiply(c: (16, 64), a: (16, 64), b: (16, 64))
    }
    await #expect(processExitsWith: .failure, "rows of c and a differ") {
      AMXTests.multiply(c: (15, 64), a: (16, 64), b: (16, 64))
    }
    await #expect(processExitsWith: .failure, "rows of b and words of a differ") {
      AMXTests.multiply(c: (16, 64), a: (16, 60), b: (16, 64))
    }
    await #expect(processExitsWith: .failure, "bytes without rows") {
      AMXTests.multiply(c: (16, 64), a: (16, 64), b: (0, 64))
    }
    await #expect(processExitsWith: .failure, "17 rows") {
      AMXTests.multiply(c: (17, 64), a: (17, 64), b: (16, 64))
    }
  }

  /// Every remainder of 16 rows, 16 columns and a tile's depth, against the scalar reference.
  @Test func productsOfOddShapes() {
    var (base, scalar) = unsafe (ck_op(), ck_op())
    unsafe base.table = table(CK_TIER_AMX)
    unsafe scalar.table = ck_kernels(CK_TIER_SCALAR)
    let depths = [1, 2, 3, 4, 31, 32, 33, 63, 64, 65, 100, 127, 128, 129]
    withEvery("precision", in: PackedOperands.Precision.allCases) { precision in
      withEvery("rows", in: [1, 2, 15, 16, 17, 18, 31, 32, 33, 34, 47, 70]) { rows in
        withEvery("depth", in: depths) { depth in
          let columns = [1, 2, 15, 16, 17, 31, 32, 33, 47, 48, 50, 80][(rows + depth) % 12]
          var generator = Generator(seed: UInt64(rows * 1000 + depth))
          let operands = PackedOperands(
            precision, rows: rows, columns: columns, depth: depth, generator: &generator)
          let y = unsafe operands.result(operands.op(base))
          let wanted = unsafe operands.result(operands.op(scalar))
          if precision.isCodes {
            expect(y.bits == wanted.bits, "\(columns) columns: not the reference's bits")
          }
          y.expectEqual(3e-5) { wanted.double($0, $1) }
          let tiles = operands.tiles()
          let tiled = unsafe operands.result(operands.op(base, tiles: tiles), parts: 1 + depth % 3)
          expect(tiled.bits == y.bits, "\(columns) columns: tiles give other bits than rows")
        }
      }
    }
  }

  /// Rows are handed to the kernel in chunks: by their number, and in tiles also by their bytes.
  @Test func productsOfManyRows() {
    var (base, scalar) = unsafe (ck_op(), ck_op())
    unsafe base.table = table(CK_TIER_AMX)
    unsafe scalar.table = ck_kernels(CK_TIER_SCALAR)
    let shapes = [(257, 20, 40), (300, 33, 70), (511, 16, 64), (513, 5, 9), (200, 17, 6000), (3, 20, 33000)]
    withEvery("precision", in: PackedOperands.Precision.allCases) { precision in
      withEvery("rows, columns, depth", in: shapes) { rows, columns, depth in
        var generator = Generator(seed: UInt64(rows))
        let operands = PackedOperands(
          precision, rows: rows, columns: columns, depth: depth, generator: &generator)
        let y = unsafe operands.result(operands.op(base))
        let wanted = unsafe operands.result(operands.op(scalar))
        if precision.isCodes { expect(y.bits == wanted.bits, "not the reference's bits") }
        y.expectEqual(3e-4) { wanted.double($0, $1) }
        let tiles = operands.tiles()
        let tiled = unsafe operands.result(operands.op(base, tiles: tiles))
        expect(tiled.bits == y.bits, "tiles give other bits than rows")
      }
    }
  }

  /// Counted by the emulator: one tile load a tile instruction where blocks are full, the operand streamed that is not
  /// used again soon, tiles configured once.
  @Test(.enabled(if: !hostTiers.contains(CK_TIER_AMX), "SKIPPED: nothing is emulated here"))
  func instructionsOfAProduct() {
    var base = unsafe ck_op()
    unsafe base.table = table(CK_TIER_AMX)
    let shapes = [(16, 96, 384), (17, 96, 384), (32, 96, 384), (40, 80, 100), (128, 64, 384), (250, 33, 130)]
    withEvery("precision", in: PackedOperands.Precision.allCases) { precision in
      withEvery("rows, columns, depth", in: shapes) { rows, columns, depth in
        var generator = Generator(seed: 1)
        let operands = PackedOperands(
          precision, rows: rows, columns: columns, depth: depth, generator: &generator)
        let tiles = operands.tiles()
        _ = amx_take_counts()
        _ = unsafe operands.result(operands.op(base, tiles: tiles))
        let counts = amx_take_counts()
        let steps = UInt64((depth * (4 / operands.group) + 63) / 64)
        let (panels, rowTiles) = (UInt64((columns + 15) / 16), UInt64((rows + 15) / 16))
        let (pairs, blocks) = ((panels + 1) / 2, (rowTiles + 1) / 2)
        let (ofRows, ofWeights) = (rowTiles * pairs * steps, blocks * panels * steps)
        expect(counts.configurations == 1, "configured \(counts.configurations) times")
        expect(counts.products == rowTiles * panels * steps, "\(counts.products) products")
        expect(counts.stores == rowTiles * panels, "\(counts.stores) stores")
        expect(
          counts.streamed_loads == (blocks > 1 ? ofRows : ofWeights), "\(counts.streamed_loads) streamed")
        expect(counts.loads == (blocks > 1 ? ofWeights : ofRows), "\(counts.loads) loads")
      }
    }
  }
}

extension Generator {
  fileprivate mutating func word() -> UInt32 { UInt32.random(in: 0...(.max), using: &self) }

  /// Two bfloat16 within -2 … 2.
  fileprivate mutating func pair() -> UInt32 {
    let halves = floats(2).map(\.bitPattern)
    return halves[0] >> 16 | halves[1] & 0xFFFF_0000
  }

  /// The same, or with ends of the range: zeros, subnormals, values whose products are subnormal, infinities, NaN.
  fileprivate mutating func specialPair() -> UInt32 {
    guard Int.random(in: 0..<4, using: &self) == 0 else { return pair() }
    let half: [UInt32] = [0, 0x8000, 1, 0x807F, 0x0080, 0x1F80, 0x9F81, 0x2000, 0x7F7F, 0xFF7F]
    let rare: [UInt32] = [0x7F80, 0xFF80, 0x7FC0, 0xFFC1]
    let values = Int.random(in: 0..<32, using: &self) == 0 ? rare : half
    return values.randomElement(using: &self)! | values.randomElement(using: &self)! << 16
  }
}
