import CTaperKernels
import TaperPlanFormat
import Testing

/// Products of f32 as sums of bf16 planes: each tier's encode op and product together, against double precision. What
/// must hold: the errors that are stated (`KernelID.statedError`), x6 no less exact than the f32 product, the bits of
/// that product where a tier restores f32, and no result that depends on parts, other rows or the index.
@Suite struct PlaneProductTests {
  fileprivate enum Family: CaseIterable {
    case x3, x6

    var planes: Int { self == .x3 ? 2 : 3 }
    var kernel: KernelID { self == .x3 ? .gemmF32X3 : .gemmF32X6 }
    var product: ck_driver { self == .x3 ? unsafe ck_gemm_f32_x3 : unsafe ck_gemm_f32_x6 }
    var encode: ck_driver { self == .x3 ? unsafe ck_encode_bf16x2 : unsafe ck_encode_bf16x3 }
  }

  /// Round tiles of rows, panels and steps of depth; deep enough for several blocks; more rows than a driver hands over
  /// at once.
  private let shapes = [
    (1, 1, 1), (1, 17, 3), (2, 16, 4), (3, 97, 5), (6, 33, 64), (7, 31, 130), (12, 112, 100), (13, 100, 33),
    (15, 64, 9), (16, 32, 64), (17, 50, 31), (33, 80, 65), (34, 15, 129), (47, 47, 32), (70, 48, 250),
    (258, 20, 8), (9, 49, 1700),
  ]

  private func withEveryCase(_ body: (ck_op, Case, inout Generator) -> Void) {
    unsafe withEveryTier { base in
      withEvery("family", in: Family.allCases) { family in
        withEvery("rows, columns, depth", in: shapes) { rows, columns, depth in
          var generator = Generator(seed: UInt64(rows * 1000 + depth))
          let operands = Case(family, rows: rows, columns: columns, depth: depth, &generator)
          unsafe body(base, operands, &generator)
        }
      }
    }
  }

  @Test func everyShapeBiasAndActivation() {
    unsafe withEveryCase { base, operands, _ in
      let tolerance = 2e-6 + (operands.family == .x3 ? 4e-5 : 4e-6) * Double(operands.depth).squareRoot()
      let products = operands.products
      withEvery("bias, activation", in: [(false, 0), (true, 0), (true, 1), (false, 3), (true, 4)]) {
        hasBias, activation in
        let y = unsafe operands.result(base, hasBias: hasBias, activation: activation)
        y.expectEqual(tolerance) { row, n in
          activated(
            products[row * operands.columns + n] + (hasBias ? Double(operands.bias[n]) : 0), activation)
        }
      }
    }
  }

  /// The stated errors hold, and x6 counts as f32: it is no less exact than the f32 product of the same tier.
  @Test func errorsAreAtMostThoseStated() {
    unsafe withEveryTier { base in
      withEvery("depth", in: [384, 1536]) { depth in
        var generator = Generator(seed: UInt64(depth))
        let operands = Case(.x3, rows: 32, columns: 64, depth: depth, &generator)
        let products = operands.products
        func error(_ y: Matrix) -> (rms: Double, largest: Double) {
          let norm = products.reduce(0) { $0 + $1 * $1 }.squareRoot() / Double(products.count).squareRoot()
          let errors = products.indices.map {
            abs(y.double($0 / operands.columns, $0 % operands.columns) - products[$0]) / norm
          }
          let rms = (errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)).squareRoot()
          return (rms, errors.max() ?? 0)
        }
        let exact = unsafe error(operands.f32Result(base))
        for family in Family.allCases {
          let found = unsafe error(operands.with(family).result(base, hasBias: false))
          guard let stated = family.kernel.statedError else {
            expect(false, "no error is stated")
            continue
          }
          expect(
            found.rms <= stated.rms && found.largest <= stated.largest,
            "\(family): \(found.rms) rms, at most \(found.largest)")
          if family == .x6 {
            expect(found.rms <= exact.rms, "\(found.rms) rms, the f32 product \(exact.rms)")
          }
        }
      }
    }
  }

  /// Where a tier restores the weight, x6 is the f32 product, and x3 that of weights with 16 bits.
  @Test func tiersThatRestoreHaveTheF32ProductsBits() {
    unsafe withEveryCase { base, operands, _ in
      guard unsafe ck_table_tier(base.table) != CK_TIER_AMX else { return }
      let y = unsafe operands.result(base, activation: 1)
      let wanted = unsafe operands.f32Result(base, hasBias: true, activation: 1)
      expect(y.bits == wanted.bits, "not the bits of the f32 product")
    }
  }

  @Test func bitsDependOnNothingElse() {
    unsafe withEveryCase { base, operands, generator in
      let whole = unsafe operands.result(base)
      withEvery("parts", in: [2, 3, 8]) { parts in
        expect(unsafe operands.result(base, parts: parts).bits == whole.bits, "another cut gives other bits")
      }
      let count = max(1, operands.rows / 2)
      let index = GuardedMemory(generator.rows(count, below: operands.rows))
      for encodesThem in [true, false] {
        let some = unsafe operands.result(base, index: index, encodesIndexed: encodesThem)
        some.expectEqual(0) { whole.double(Int(index[$0]), $1) }
      }
    }
  }

  /// An infinity gives an infinity or NaN exactly where it does in f32, and the largest numbers stay numbers.
  @Test func whatIsNotFiniteStaysSo() {
    let special: [Float] = [
      .infinity, -.infinity, .nan, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 0x1.FFp127,
    ]
    unsafe withEveryTier { base in
      withEvery("family", in: Family.allCases) { family in
        withEvery("of the weight", in: [false, true]) { ofWeight in
          withEvery("value", in: special) { value in
            var generator = Generator(seed: 9)
            // Powers of two have a second plane of zero, which an infinity must not meet.
            var left = generator.floats(18 * 40, in: 0.1...0.2)
            var right = generator.floats(33 * 40, in: 0.1...0.2)
            for k in 0..<40 { (left[7 * 40 + k], right[20 * 40 + k]) = (0.25, -0.125) }
            if ofWeight { right[20 * 40 + 5] = value } else { left[7 * 40 + 5] = value }
            let operands = Case(family, 18, 33, 40, left: left, right: right, &generator)
            let y = unsafe operands.result(base, hasBias: false)
            let wanted = unsafe operands.f32Result(base)
            for row in 0..<18 {
              for n in 0..<33 {
                let (found, want) = (y[row, n], wanted[row, n])
                let agrees =
                  found.isNaN && want.isNaN || found == want || abs(found - want) <= abs(want) * 1e-4
                expect(agrees, "[\(row), \(n)] is \(found), in f32 \(want)")
              }
            }
          }
        }
      }
    }
  }

  /// As planes, on the tier that multiplies them: every value is the sum of its planes, as exactly as they can say it.
  @Test(.enabled(if: testedTiers.contains(CK_TIER_AMX), reasonWithoutAMX)) func planesOfAMX() {
    var base = unsafe ck_op()
    unsafe base.table = table(CK_TIER_AMX)
    withEvery("family", in: Family.allCases) { family in
      withEvery("columns", in: [1, 2, 15, 16, 31, 32, 33, 65, 100]) { columns in
        var generator = Generator(seed: UInt64(columns))
        let values = generator.floats(3 * columns, in: -1e3...1e3)
        let operands = Case(family, 3, 1, columns, left: values, right: values.suffix(columns), &generator)
        let encoded = unsafe operands.encoded(base)
        for row in 0..<3 {
          for k in 0..<columns {
            let planes = (0..<family.planes).map { plane in
              let at = 2 * ((row * family.planes + plane) * operands.encodedLeading + k)
              return Float(
                bitPattern: UInt32(encoded[at]) << 16 | UInt32(encoded[at + 1]) << 24)
            }
            let (value, sum) = (values[row * columns + k], planes.reversed().reduce(0, +))
            expect(
              abs(sum - value) <= (family == .x6 ? 0 : abs(value) * 0x1p-16),
              "\(value) is the planes \(planes)")
          }
        }
      }
    }
  }

  /// f32 operands, the weight packed into planes by the formula of ck_panel.h.
  fileprivate struct Case {
    let family: Family
    let rows: Int
    let columns: Int
    let depth: Int
    let left: [Float]
    let right: [Float]
    let bias: GuardedMemory<Float>
    private let a: Matrix
    private let weight: GuardedMemory<UInt16>

    init(_ family: Family, rows: Int, columns: Int, depth: Int, _ generator: inout Generator) {
      let (left, right) = (generator.floats(rows * depth), generator.floats(columns * depth))
      self.init(family, rows, columns, depth, left: left, right: right, &generator)
    }

    init(
      _ family: Family, _ rows: Int, _ columns: Int, _ depth: Int, left: [Float], right: [Float],
      _ generator: inout Generator
    ) {
      self.init(family, rows, columns, depth, left, right, GuardedMemory(generator.floats(columns)))
    }

    private init(
      _ family: Family, _ rows: Int, _ columns: Int, _ depth: Int, _ left: [Float], _ right: [Float],
      _ bias: GuardedMemory<Float>
    ) {
      self.family = family
      (self.rows, self.columns, self.depth) = (rows, columns, depth)
      (self.left, self.right, self.bias) = (left, right, bias)
      a = Matrix(rows, depth) { left[$0 * depth + $1] }
      let (planes, groups) = (family.planes, (depth + 1) / 2)
      var packed = [UInt16](repeating: 0, count: (columns + 15) / 16 * 32 * groups * planes)
      for n in 0..<columns {
        for k in 0..<depth {
          for (plane, bits) in Self.planes(right[n * depth + k], planes).enumerated() {
            packed[n / 16 * 32 * groups * planes + (k / 2 * planes + plane) * 32 + n % 16 * 2 + k % 2] = bits
          }
        }
      }
      weight = GuardedMemory(packed)
    }

    func with(_ family: Family) -> Case { Case(family, rows, columns, depth, left, right, bias) }

    /// The planes of a value: specs/kernels.md.
    static func planes(_ value: Float, _ count: Int) -> [UInt16] {
      guard value.isFinite else {
        return [UInt16](repeating: 0, count: count - 1)
          + [UInt16(value.bitPattern >> 16) | (value.isNaN ? 64 : 0)]
      }
      var (rest, planes) = (value, [UInt16]())
      for _ in 0..<count {
        let magnitude = rest.magnitude.bitPattern
        let rounded = min((magnitude + 0x7FFF + (magnitude >> 16 & 1)) >> 16, 0x7F7F)
        let bits = UInt16(rounded) | (rest.sign == .minus ? 0x8000 : 0)
        planes.append(bits)
        rest -= Float(bitPattern: UInt32(bits) << 16)
      }
      return planes
    }

    /// Σ a·w in double precision.
    var products: [Double] {
      (0..<rows * columns).map { element in
        let (row, n) = (element / columns, element % columns)
        return (0..<depth).reduce(0) { $0 + Double(left[row * depth + $1]) * Double(right[n * depth + $1]) }
      }
    }

    /// Elements from one encoded row to the next: a plane is that many bf16.
    var encodedLeading: Int { (depth + 1) / 2 * 2 + 2 }

    /// The rows that `index` names, or all, as the tier encodes them.
    func encoded(_ base: ck_op, index: GuardedMemory<UInt32>? = nil) -> GuardedMemory<UInt8> {
      var op = unsafe base
      let count = index?.values.count ?? rows
      let y = GuardedMemory([UInt8](repeating: 0xEE, count: count * encodedLeading * 2 * family.planes))
      unsafe op.rows = UInt32(count)
      unsafe op.columns = UInt32(depth)
      unsafe op.a = a.constPointer
      unsafe op.lda = a.ld
      unsafe op.index = index?.constPointer
      unsafe op.y = UnsafeMutableRawPointer(y.pointer).assumingMemoryBound(to: Float.self)
      unsafe op.ldy = UInt32(encodedLeading)
      unsafe run(family.encode, op, tasks: rowTasks(count))
      expect(y.isIntact, "memory outside the encoded rows was written")
      return y
    }

    /// y of the encode op and the product. The index is the encode op's, or the product's.
    func result(
      _ base: ck_op, hasBias: Bool = true, activation: Int = 0, parts: Int = 1,
      index: GuardedMemory<UInt32>? = nil, encodesIndexed: Bool = true
    ) -> Matrix {
      let encoded = unsafe encoded(base, index: encodesIndexed ? index : nil)
      var op = unsafe base
      unsafe op.a = UnsafeRawPointer(encoded.constPointer).assumingMemoryBound(to: Float.self)
      unsafe op.lda = UInt32(encodedLeading)
      unsafe op.index = encodesIndexed ? nil : index?.constPointer
      unsafe op.weight = UnsafeRawPointer(weight.constPointer)
      return unsafe product(op, family.product, index?.values.count ?? rows, hasBias, activation, parts)
    }

    /// y of gemm_f32_panel, of the weight as its planes have it.
    func f32Result(_ base: ck_op, hasBias: Bool = false, activation: Int = 0) -> Matrix {
      var panels = [Float](repeating: 0, count: (columns + 15) / 16 * 16 * depth)
      for n in 0..<columns {
        for k in 0..<depth {
          let planes = Self.planes(right[n * depth + k], family.planes).map {
            Float(bitPattern: UInt32($0) << 16)
          }
          panels[n / 16 * 16 * depth + k * 16 + n % 16] = planes.reversed().reduce(0, +)
        }
      }
      let weight = GuardedMemory(panels)
      var op = unsafe base
      unsafe op.a = a.constPointer
      unsafe op.lda = a.ld
      unsafe op.weight = UnsafeRawPointer(weight.constPointer)
      return unsafe product(op, ck_gemm_f32_panel, rows, hasBias, activation, 1)
    }

    private func product(
      _ op: ck_op, _ driver: ck_driver, _ rows: Int, _ hasBias: Bool, _ activation: Int, _ parts: Int
    ) -> Matrix {
      let y = Matrix(rows, columns)
      var op = unsafe op
      unsafe op.rows = UInt32(rows)
      unsafe op.columns = UInt32(columns)
      unsafe op.depth = UInt32(depth)
      unsafe op.parts = UInt32(parts)
      unsafe op.bias = hasBias ? bias.constPointer : nil
      unsafe op.activation = ck_activation(rawValue: UInt32(activation))
      unsafe op.y = y.pointer
      unsafe op.ldy = y.ld
      unsafe run(driver, op, tasks: parts)
      return y
    }
  }
}
