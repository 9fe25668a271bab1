import TaperCostModel
import TaperDeviceProfile
import TaperPlanFormat
import TestSupport
import Testing

@Suite struct CostModelTests {
  static let overhead = Nanoseconds(100)
  static let figures = ThreadFigures(
    threads: 1, bandwidthOneStream: 5_000_000_000, bandwidthManyStreams: 10_000_000_000,
    computePeak: 100_000_000_000, opOverhead: overhead, runOverhead: Nanoseconds(3000))

  static func profile(_ entries: [ProfileEntry]) -> DeviceProfile {
    DeviceProfile(
      name: "test", created: "",
      fingerprint: Fingerprint(
        cpu: "", features: [], tier: "scalar", caches: [], cores: 1, blasCore: "", blasConfiguration: "",
        environment: [], system: ""),
      threadFigures: [figures], noise: ProfileNoise(spread: 0, drift: 0, probes: 0), entries: entries)
  }

  static func points(_ times: [(Int, UInt64)]) -> [ProfilePoint] {
    times.map { ProfilePoint(rows: $0.0, time: TimeDistribution(exactly: Nanoseconds($0.1))) }
  }

  static let shape = OpShape.gemm(columns: 512, depth: 256)
  static let gemm = ProfileEntry(
    kernel: .gemmF32OpenBLAS, shape: shape, threads: 1,
    points: points([(1, 10_100), (16, 10_100), (32, 20_100), (64, 40_100)]))

  @Test func measuredPointsAreExact() throws {
    let model = try CostModel(profile: Self.profile([Self.gemm]), threads: 1)
    for point in Self.gemm.points {
      let prediction = model.predict(Self.shape, kernel: .gemmF32OpenBLAS, rows: point.rows, innerRows: 1)
      #expect(prediction.time == point.time.p50)
      #expect(prediction.low == point.time.p10 && prediction.high == point.time.p90)
      #expect(prediction.provenance == .measured)
      #expect(prediction.work == Flops(UInt64(2 * point.rows * 512 * 256)))
      let traffic = UInt64(4 * (512 * 256 + 512 + point.rows * (256 + 512)))
      #expect(prediction.traffic == Bytes(traffic))
    }
  }

  @Test func betweenPointsIsInterpolated() throws {
    let model = try CostModel(profile: Self.profile([Self.gemm]), threads: 1)
    let prediction = model.predict(Self.shape, kernel: .gemmF32OpenBLAS, rows: 48, innerRows: 1)
    #expect(prediction.time == Nanoseconds(30_100))
    #expect(prediction.provenance == .interpolated)
  }

  @Test func beyondPointsIsModelledWithAWideInterval() throws {
    let model = try CostModel(profile: Self.profile([Self.gemm]), threads: 1)
    let prediction = model.predict(Self.shape, kernel: .gemmF32OpenBLAS, rows: 128, innerRows: 1)
    #expect(prediction.time == Nanoseconds(80_100))
    #expect(prediction.provenance == .modelled)
    #expect(prediction.low == Nanoseconds(40_050) && prediction.high == Nanoseconds(160_200))
  }

  @Test func disorderIsPooled() throws {
    var entry = Self.gemm
    entry.points = Self.points([(1, 100), (2, 400), (3, 200), (4, 500)])
    let model = try CostModel(profile: Self.profile([entry]), threads: 1)
    let times = (1...4).map {
      model.predict(Self.shape, kernel: .gemmF32OpenBLAS, rows: $0, innerRows: 1).time.rawValue
    }
    #expect(times == [100, 300, 300, 500])
  }

  @Test func unknownProductTakesTheFittedRate() throws {
    var slow = Self.gemm
    slow.points = Self.points([(1, 1_100), (64, 400_100)])
    let model = try CostModel(profile: Self.profile([slow]), threads: 1)
    let twice = OpShape.gemm(columns: 1024, depth: 256)
    // 400 µs for 512 × 256 weight elements at 64 rows, overhead apart: twice as many take twice as long.
    let prediction = model.predict(twice, kernel: .gemmF32OpenBLAS, rows: 64, innerRows: 1)
    #expect(prediction.time == Nanoseconds(800_100))
    #expect(prediction.provenance == .modelled)
    // One row: 2 µs by rate, but a megabyte of weights takes 105 µs at 10 GB/s.
    let one = model.predict(twice, kernel: .gemmF32OpenBLAS, rows: 1, innerRows: 1)
    let floor = Double(one.traffic.rawValue) / 10 + 100
    #expect(one.time == Nanoseconds(UInt64(floor.rounded())))
    #expect(one.bound == .bandwidth)
  }

  @Test func unmeasuredKernelTakesTheRoofline() throws {
    let model = try CostModel(profile: Self.profile([]), threads: 1)
    let large = OpShape.gemm(columns: 1024, depth: 1024)
    let prediction = model.predict(large, kernel: .gemmF32OpenBLAS, rows: 512, innerRows: 1)
    #expect(prediction.time == Nanoseconds(UInt64(2 * 512 * 1024 * 1024) / 100 + 100))
    #expect(prediction.bound == .compute && prediction.provenance == .modelled)
    let tiny = model.predict(OpShape(.iota), kernel: .iotaU32, rows: 4, innerRows: 1)
    #expect(tiny.bound == .overhead && tiny.time == Nanoseconds(102))
  }

  @Test func otherWidthsScaleTheNearestShape() throws {
    let norm = ProfileEntry(
      kernel: .layerNormF32, shape: OpShape(.layerNorm, columns: 100), threads: 1,
      points: Self.points([(1, 200), (10, 1100)]))
    let model = try CostModel(profile: Self.profile([norm]), threads: 1)
    let prediction = model.predict(
      OpShape(.layerNorm, columns: 200), kernel: .layerNormF32, rows: 10, innerRows: 1)
    #expect(prediction.time == Nanoseconds(2100))
    #expect(prediction.provenance == .modelled)
  }

  /// One query of one key is all overhead. Taken in proportion, sixteen would be sixteen overheads; keys' order must not
  /// carry that to what was measured with sixteen.
  @Test func overheadOfFewQueriesStaysThere() throws {
    let shape = OpShape(.attention, depth: 16, heads: 2)
    let times = [(1, 1, 8000), (1, 2, 2000), (2, 2, 3000), (1, 16, 2500), (2, 16, 2800), (16, 16, 5000)]
    let points = times.map {
      ProfilePoint(
        rows: $0.0, innerRows: $0.1, time: TimeDistribution(exactly: Nanoseconds(UInt64($0.2))))
    }
    let entry = ProfileEntry(kernel: .attentionF32, shape: shape, threads: 1, points: points)
    let model = try CostModel(profile: Self.profile([entry]), threads: 1)
    func time(_ rows: Int, _ keys: Int) -> UInt64 {
      model.predict(shape, kernel: .attentionF32, rows: rows, innerRows: keys).time.rawValue
    }
    #expect(time(16, 16) == 6000, "pooled with one overhead, not with sixteen")
    #expect((2...16).map { time($0, 16) } == (2...16).map { time($0, 16) }.sorted())
    #expect(time(9, 9) <= 6000)
  }

  @Test func attentionIsBilinear() throws {
    let shape = OpShape(.attention, depth: 16, heads: 2)
    let points = [8, 16, 32, 64].flatMap { n in
      [1, n / 2, n].map {
        ProfilePoint(
          rows: $0, innerRows: n, time: TimeDistribution(exactly: Nanoseconds(UInt64(1000 + 10 * $0 * n))))
      }
    }
    let entry = ProfileEntry(kernel: .attentionF32, shape: shape, threads: 1, points: points)
    let model = try CostModel(profile: Self.profile([entry]), threads: 1)
    for n in 8...64 {
      for rows in 1...n {
        let prediction = model.predict(shape, kernel: .attentionF32, rows: rows, innerRows: n)
        #expect(prediction.time == Nanoseconds(UInt64(1000 + 10 * rows * n)), "\(rows) × \(n)")
        #expect(prediction.provenance != .modelled)
      }
    }
    #expect(model.predict(shape, kernel: .attentionF32, rows: 32, innerRows: 64).provenance == .measured)
    #expect(model.predict(shape, kernel: .attentionF32, rows: 9, innerRows: 64).provenance == .interpolated)
    #expect(model.predict(shape, kernel: .attentionF32, rows: 9, innerRows: 128).provenance == .modelled)
  }

  @Test func scoresFollowTheSquare() throws {
    let shape = OpShape(.attentionScores, depth: 16, heads: 2)
    let points = [8, 64].map {
      ProfilePoint(
        rows: $0, innerRows: $0, time: TimeDistribution(exactly: Nanoseconds(UInt64(50 * $0 + 3 * $0 * $0))))
    }
    let entry = ProfileEntry(kernel: .attentionScoresF32, shape: shape, threads: 1, points: points)
    let model = try CostModel(profile: Self.profile([entry]), threads: 1)
    for n in 8...64 {
      let time = model.predict(shape, kernel: .attentionScoresF32, rows: n, innerRows: n).time
      #expect(time == Nanoseconds(UInt64(50 * n + 3 * n * n)))
    }
  }

  /// Random, disordered measurements: predictions never fall as rows or inner rows grow, and lie within their
  /// interval.
  @Test func predictionsAreMonotone() throws {
    var generator = SeededGenerator(seed: 5)
    func random(_ base: Int) -> TimeDistribution {
      let times = (0..<9).map { _ in UInt64(Double(base) * Double.random(in: 0.5...2, using: &generator)) + 1
      }
      return TimeDistribution(times)
    }
    let counts = [1, 3, 4, 9, 16, 40, 100]
    let shapes = [
      Self.shape, OpShape(.attention, depth: 8, heads: 2), OpShape(.attentionScores, depth: 8, heads: 2),
    ]
    let kernels = [KernelID.gemmF32OpenBLAS, .attentionF32, .attentionScoresF32]
    for _ in 0..<20 {
      let entries = zip(shapes, kernels).map { shape, kernel in
        let points = counts.flatMap { n -> [ProfilePoint] in
          guard shape.variables == .both else {
            return [ProfilePoint(rows: n, innerRows: shape.kind == .gemm ? 1 : n, time: random(100 * n))]
          }
          return Set([1, (n + 1) / 2, n]).sorted().map {
            ProfilePoint(rows: $0, innerRows: n, time: random(100 * n * $0))
          }
        }
        return ProfileEntry(kernel: kernel, shape: shape, threads: 1, points: points)
      }
      let model = try CostModel(profile: Self.profile(entries), threads: 1)
      for (shape, kernel) in zip(shapes, kernels) {
        var above = [Nanoseconds](repeating: .zero, count: 131)
        for inner in stride(from: 1, through: 130, by: 3) {
          var last = Nanoseconds.zero
          for rows in 1...130 {
            let prediction = model.predict(shape, kernel: kernel, rows: rows, innerRows: inner)
            #expect(prediction.time >= last && prediction.time >= above[rows])
            #expect(prediction.low <= prediction.time && prediction.time <= prediction.high)
            last = prediction.time
            above[rows] = prediction.time
          }
        }
      }
    }
  }

  @Test func endToEndSumsAndKeepsTheWeakest() throws {
    let model = try CostModel(profile: Self.profile([Self.gemm]), threads: 1)
    let ops = [16, 48, 128].map {
      model.predict(Self.shape, kernel: .gemmF32OpenBLAS, rows: $0, innerRows: 1)
    }
    let total = model.endToEnd(ops)
    #expect(total.time == Nanoseconds(10_100 + 30_100 + 80_100 + 3000))
    #expect(total.low == Nanoseconds(10_100 + 30_100 + 40_050 + 3000))
    #expect(total.work == Flops(UInt64(2 * 192 * 512 * 256)))
    #expect(total.provenance == .modelled)
    #expect(model.endToEnd([Prediction]()).time == Nanoseconds(3000))
  }

  /// Products' multiply-adds, two each; every operand once.
  @Test func workAndTrafficByKind() throws {
    let model = try CostModel(profile: Self.profile([]), threads: 1)
    var op = PlanOp(.attention, layer: 1, rows: .input, columns: 0, depth: 32)
    op.heads = 12
    func prediction(_ kernel: KernelID, rows: Int, innerRows: Int) -> Prediction {
      model.predict(op, kernel: kernel, rows: rows, innerRows: innerRows)
    }
    #expect(prediction(.attentionF32, rows: 5, innerRows: 7).work == Flops(4 * 5 * 7 * 12 * 32))
    op.kind = .attentionContext
    #expect(prediction(.attentionContextF32, rows: 5, innerRows: 7).work == Flops(2 * 5 * 7 * 12 * 32))
    op.kind = .attentionScores
    #expect(prediction(.attentionScoresF32, rows: 7, innerRows: 7).work == Flops(2 * 7 * 7 * 12 * 32))
    op = PlanOp(.layerNorm, layer: 1, rows: .input, columns: 384)
    let norm = prediction(.layerNormF32, rows: 9, innerRows: 1)
    #expect(norm.work == .zero && norm.traffic == Bytes(4 * (3 * 9 * 384 + 3 * 384)))
  }

  @Test func refusesThreadsNotMeasured() {
    #expect(throws: CostModelError.threadsNotMeasured(wanted: 3, measured: [1])) {
      try CostModel(profile: Self.profile([]), threads: 3)
    }
  }

  @Test func kernelsAreThoseMeasuredOrTheDefault() throws {
    var scalar = Self.gemm
    scalar.kernel = .gemmF32Scalar
    let none = try CostModel(profile: Self.profile([]), threads: 1)
    #expect(none.kernels(for: .gemm) == [.gemmF32OpenBLAS] && none.kernels(for: .mean) == [.meanF32])
    let both = try CostModel(profile: Self.profile([scalar, Self.gemm]), threads: 1)
    #expect(both.kernels(for: .gemm) == [.gemmF32OpenBLAS, .gemmF32Scalar])
  }
}
