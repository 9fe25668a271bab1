import TaperCostModel
import TaperDeviceProfile
import TaperPlanFormat
import Testing

/// Products: near weights, stairs of row tiles, and shapes never measured.
@Suite struct ProductTests {
  typealias Point = (rows: Int, time: UInt64)

  static func entry(
    _ columns: Int, _ depth: Int, isNear: Bool = false, activation: Activation = .none, _ points: [Point]
  ) -> ProfileEntry {
    ProfileEntry(
      kernel: .gemmF32Panel, shape: .gemm(columns: columns, depth: depth, activation: activation, parts: 1),
      threads: 1, isNear: isNear, points: CostModelTests.points(points.map { ($0.rows, $0.time) }))
  }

  static func time(
    _ model: CostModel, _ columns: Int, _ depth: Int, _ rows: Int, _ activation: Activation = .none
  )
    -> UInt64
  {
    let shape = OpShape.gemm(columns: columns, depth: depth, activation: activation, parts: 1)
    return model.predict(shape, kernel: .gemmF32Panel, rows: rows, innerRows: 1).time.rawValue
  }

  /// Bytes are read at 40 GB/s up to 8 MB, at 20 GB/s from 32 MB on; between, at 16 MB, a byte takes two thirds of the way.
  static func profile(_ entries: [ProfileEntry]) -> DeviceProfile {
    var profile = CostModelTests.profile(entries)
    profile.threadFigures[0].footprints = [(8, 40), (16, 24), (32, 20)].map {
      FootprintRate(byteCount: $0.0 * 1_000_000, bytesPerSecond: $0.1 * 1_000_000_000)
    }
    return profile
  }

  @Test func smallModelsReadTheirWeightsFromTheCache() throws {
    let cold = Self.entry(512, 256, [(1, 10_000), (16, 11_000), (64, 40_000)])
    let near = Self.entry(512, 256, isNear: true, [(1, 4_000), (16, 9_000), (64, 40_000)])
    let model = try CostModel(profile: Self.profile([cold, near]), threads: 1)
    #expect(Self.time(model, 512, 256, 16) == 11_000, "cold unless it is said how much there is")
    #expect(Self.time(model.resident(weights: Bytes(50_000_000)), 512, 256, 1) == 10_000)
    for size in [1, 8_000_000] {
      let small = model.resident(weights: Bytes(UInt64(size)))
      #expect(Self.time(small, 512, 256, 1) == 4_000 && Self.time(small, 512, 256, 16) == 9_000)
      #expect(Self.time(small, 512, 256, 64) == 40_000)
    }
    // At 16 MB a byte takes 41.7 ps, between 25 and 50: a third stays.
    let part = model.resident(weights: Bytes(16_000_000))
    #expect(
      Self.time(part, 512, 256, 1) == 6_667, "fetching two thirds from afar, while the rest is multiplied")
    #expect(Self.time(part, 512, 256, 16) == 9_000, "as with near weights: that takes longer than fetching")
    // More weights are never faster, and rows never cheaper.
    var last: UInt64 = 0
    for size in stride(from: 1_000_000, through: 40_000_000, by: 1_000_000) {
      let model = model.resident(weights: Bytes(UInt64(size)))
      let times = (1...70).map { Self.time(model, 512, 256, $0) }
      #expect(times == times.sorted() && times[0] >= last)
      last = times[0]
    }
  }

  @Test func memoryDeliversTheWeightsThatTheCacheDoesNotKeep() throws {
    let model = try CostModel(profile: Self.profile([]), threads: 1)
    // 50 ps a byte; of 16 MB two thirds.
    for (megabytes, time) in [(8, 0), (16, 533_333), (64, 3_200_000)] {
      #expect(model.fetchTime(weights: Bytes(UInt64(megabytes) * 1_000_000)) == Nanoseconds(UInt64(time)))
    }
  }

  /// Tiles of eight rows: one shape measured at every count tells, and the other has them too.
  @Test func stairsOfOneShapeAreTheKernels() throws {
    func stairs(_ rows: Int, _ size: UInt64) -> UInt64 { UInt64((rows + 7) / 8) * size }
    let everyCount: [Point] = (1...96).map { rows in (rows, stairs(rows, 1_000)) }
    let usual: [Point] = [8, 16, 32, 64, 96].map { rows in (rows, stairs(rows, 4_000)) }
    let dense = Self.entry(128, 128, everyCount)
    let other = Self.entry(512, 128, usual)
    let model = try CostModel(profile: Self.profile([dense, other]), threads: 1)
    for rows in 8...96 {
      let expected = Double(stairs(rows, 4_000))
      #expect(abs(Double(Self.time(model, 512, 128, rows)) - expected) < 0.005 * expected, "\(rows) rows")
    }
    let shape = OpShape.gemm(columns: 512, depth: 128, parts: 1)
    #expect(model.predict(shape, kernel: .gemmF32Panel, rows: 41, innerRows: 1).provenance == .interpolated)
  }

  /// Times that follow the roofline are predicted exactly for any shape; an activation goes by columns.
  @Test func shapesNeverMeasuredFollowTheRoofline() throws {
    func exact(_ columns: Int, _ depth: Int, _ rows: Int) -> UInt64 {
      let product = rows * columns * depth
      return UInt64(100 + product + 20 * rows * columns + 10 * rows * depth)
    }
    let counts = [1, 16, 64]
    let sizes = [100, 400, 1600]
    var entries: [ProfileEntry] = []
    for columns in sizes {
      for depth in sizes {
        let points: [Point] = counts.map { rows in (rows, exact(columns, depth, rows)) }
        entries.append(Self.entry(columns, depth, points))
      }
    }
    let activated: [Point] = counts.map { rows in (rows, exact(400, 400, rows) + UInt64(30 * rows * 400)) }
    entries.append(Self.entry(400, 400, activation: .gelu, activated))
    let model = try CostModel(profile: CostModelTests.profile(entries), threads: 1)
    for (columns, depth) in [(200, 300), (1200, 400), (400, 1500), (3000, 800)] {
      for rows in counts {
        let expected = Double(exact(columns, depth, rows))
        #expect(abs(Double(Self.time(model, columns, depth, rows)) - expected) < 0.01 * expected)
        let more = expected + Double(30 * rows * columns)
        #expect(abs(Double(Self.time(model, columns, depth, rows, .gelu)) - more) < 0.01 * more)
      }
    }
  }

  /// What a measured shape takes over the fit is its neighbours' too.
  @Test func neighboursCorrectTheFit() throws {
    var entries: [ProfileEntry] = []
    for (columns, depth) in [(100, 100), (100, 800), (800, 100), (800, 800)] {
      let time = 100 + 16 * columns * depth / 10
      entries.append(Self.entry(columns, depth, [(16, UInt64(time))]))
    }
    entries[3].points[0].time = TimeDistribution(exactly: Nanoseconds(100 + 16 * 800 * 800 / 5))
    let model = try CostModel(profile: CostModelTests.profile(entries), threads: 1)
    let near = Double(Self.time(model, 780, 790, 16)) / Double(780 * 790)
    let far = Double(Self.time(model, 105, 105, 16)) / Double(105 * 105)
    #expect(abs(near / 3.2 - 1) < 0.02)
    #expect(abs(far / 1.6 - 1) < 0.03)
  }
}
