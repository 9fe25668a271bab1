import TaperBase
import TaperDeviceProfile
import TaperJSON
import TaperPlanFormat
import TestSupport
import Testing

/// A small profile with something in every field.
let sampleProfile = DeviceProfile(
  name: "box \"7\"", created: "2026-11-21",
  fingerprint: Fingerprint(
    cpu: "Some CPU", features: ["avx2", "fma"], tier: "avx2",
    caches: [CacheSize(level: "L2", byteCount: 1 << 20), CacheSize(level: "L3", byteCount: 32 << 20)],
    cores: 4,
    blasCore: "Haswell", blasConfiguration: "OpenBLAS 0.3",
    environment: [EnvironmentVariable(name: "OPENBLAS_CORETYPE", value: "Haswell")], system: "Linux 6 x86_64"),
  threadFigures: [
    ThreadFigures(
      threads: 2, bandwidthOneStream: 10, bandwidthManyStreams: 20, computePeak: 30,
      opOverhead: Nanoseconds(40), runOverhead: Nanoseconds(50), wake: Nanoseconds(60),
      footprints: [
        FootprintRate(byteCount: 1 << 20, bytesPerSecond: 90),
        FootprintRate(byteCount: 1 << 25, bytesPerSecond: 20),
      ],
      references: ReferenceTimes(compute: Nanoseconds(70), bandwidth: Nanoseconds(80)),
      tail: TailRatios(p90: 1.125, p99: 1.5, p999: 3))
  ],
  noise: ProfileNoise(spread: 0.125, drift: 0.03, probes: 99),
  entries: [
    ProfileEntry(
      kernel: .gemmF32OpenBLAS, shape: .gemm(columns: 512, depth: 64, activation: .gelu), threads: 2,
      points: [
        ProfilePoint(
          rows: 1,
          time: TimeDistribution(
            samples: 15, p10: Nanoseconds(1), p50: Nanoseconds(2), p90: Nanoseconds(3), p99: Nanoseconds(4))),
        ProfilePoint(rows: 8, time: TimeDistribution(exactly: Nanoseconds(9))),
      ]),
    ProfileEntry(
      kernel: .gemmF32OpenBLAS, shape: .gemm(columns: 512, depth: 64, activation: .gelu), threads: 2,
      isNear: true,
      points: [ProfilePoint(rows: 2, time: TimeDistribution(exactly: Nanoseconds(1)))]),
    ProfileEntry(
      kernel: .attentionF32, shape: OpShape(.attention, depth: 32, heads: 4, relativeBias: true), threads: 2,
      points: [
        ProfilePoint(rows: 4, innerRows: 4, time: TimeDistribution(exactly: Nanoseconds(7))),
        ProfilePoint(rows: 1, innerRows: 8, time: TimeDistribution(exactly: Nanoseconds(8))),
      ]),
  ])

@Suite struct DeviceProfileCodecTests {
  @Test func readsWhatItWrote() throws {
    let text = sampleProfile.serialized()
    let read = try DeviceProfile.parse(Array(text.utf8))
    #expect(read == sampleProfile)
    #expect(read.serialized() == text)
    #expect(read.digest == sampleProfile.digest)
    #expect(try DeviceProfile(json: sampleProfile.json) == sampleProfile)
  }

  @Test func writesAndReadsFiles() throws {
    let directory = TemporaryDirectory()
    let path = directory.path + "/device.json"
    try sampleProfile.save(path: path)
    #expect(try DeviceProfile.load(path: path) == sampleProfile)
    #expect(throws: DeviceProfileError.file(.system(path: path + "x", .open, errno: 2))) {
      try DeviceProfile.load(path: path + "x")
    }
  }

  @Test func digestFollowsContent() {
    var other = sampleProfile
    other.entries[0].points[1].time.p99 = Nanoseconds(10)
    #expect(other.digest != sampleProfile.digest)
  }

  /// One change to the sample's text, and what the refusal names.
  static let refusals: [(from: String, to: String, error: DeviceProfileError)] = [
    ("\"schema_version\":1", "\"schema_version\":2", .unsupportedSchema(found: 2, supported: 1)),
    ("\"cpu\":", "\"gpu\":", .missing(field: "fingerprint.cpu")),
    (
      "\"cores\":4", "\"cores\":0",
      .invalid(field: "fingerprint.cores", expected: "an integer from 1 to 4096", found: "0")
    ),
    (
      "gemm_f32_openblas", "gemm_f99",
      .invalid(field: "entries[0].kernel", expected: "a kernel of kernels.def", found: "\"gemm_f99\"")
    ),
    (
      "\"p99\":1.5", "\"p99\":1.0625",
      .invalid(field: "threads[0].tail.p99", expected: "at least 1.125", found: "1.0625")
    ),
    (
      "\"weights\":\"near\"", "\"weights\":\"far\"",
      .invalid(field: "entries[1].weights", expected: "\"near\", of a product", found: "far")
    ),
    (
      ",\"weights\":\"near\"", "",
      .invalid(
        field: "entries[1]", expected: "a kernel, shape and thread count not given before",
        found: "a second one")
    ),
    (
      "[1048576,90]", "[33554432,90]",
      .invalid(
        field: "threads[0].footprints[1].bytes", expected: "an integer from 33554433 to 1099511627776",
        found: "33554432")
    ),
    (
      "\"spread\":0.125", "\"spread\":-1",
      .invalid(field: "noise.spread", expected: "a number from 0 to 1000000", found: "-1.0")
    ),
    (
      "\"p90\":1.125", "\"p90\":1e20",
      .invalid(field: "threads[0].tail.p90", expected: "a number from 0 to 1000000", found: "1e+20")
    ),
    (
      "[8,1,1,9,9,9,9]", "[8,1,1,9,9,9]",
      .invalid(
        field: "entries[0].points[1]", expected: "[rows, inner_rows, samples, p10, p50, p90, p99]",
        found: "6 values")
    ),
    (
      "[8,1,1,9,9,9,9]", "[1,1,1,9,9,9,9]",
      .invalid(field: "entries[0].points[1]", expected: "rows after (1, 1)", found: "(1, 1)")
    ),
    (
      "[8,1,1,9,9,9,9]", "[8,1,1,9,8,9,9]",
      .invalid(
        field: "entries[0].points[1].p50_ns", expected: "an integer from 9 to 3600000000000", found: "8")
    ),
    (
      "\"threads\":2,\"points\":[[4,4", "\"threads\":3,\"points\":[[4,4",
      .invalid(field: "entries[2].threads", expected: "a thread count listed in threads", found: "3")
    ),
    (
      "\"activation\":\"gelu\"", "\"activation\":\"swish\"",
      .invalid(
        field: "entries[0].shape.activation", expected: "one of none, gelu, geluTanh, relu, tanh, silu",
        found: "\"swish\"")
    ),
  ]

  @Test(arguments: refusals.indices) func refuses(_ index: Int) throws {
    let change = Self.refusals[index]
    let text = sampleProfile.serialized()
    let parts = text.split(separator: change.from, maxSplits: 1, omittingEmptySubsequences: false)
    try #require(parts.count == 2, "the sample has no \(change.from)")
    #expect(throws: change.error) {
      try DeviceProfile.parse(Array("\(parts[0])\(change.to)\(parts[1])".utf8))
    }
  }

  @Test func refusesEveryTruncation() {
    let bytes = Array(sampleProfile.serialized().utf8)
    // The last byte is the newline, which may be missing.
    for count in 0..<bytes.count - 1 {
      #expect(throws: DeviceProfileError.self) { try DeviceProfile.parse(Array(bytes[..<count])) }
    }
  }

  @Test func survivesSeededCorruption() {
    let bytes = Array(sampleProfile.serialized().utf8)
    var generator = SeededGenerator(seed: 11)
    var refused = 0
    for _ in 0..<2000 {
      var changed = bytes
      changed[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(
        in: 0...255, using: &generator)
      do {
        let profile = try DeviceProfile.parse(changed)
        // What is accepted is canonical from then on.
        #expect((try? DeviceProfile.parse(Array(profile.serialized().utf8))) == profile)
      } catch { refused += 1 }
    }
    #expect(refused > 1000)
  }

  @Test func percentilesByNearestRank() {
    let distribution = TimeDistribution((1...100).map { UInt64($0) }.reversed())
    #expect(distribution.p10 == Nanoseconds(10) && distribution.p50 == Nanoseconds(50))
    #expect(distribution.p90 == Nanoseconds(90) && distribution.p99 == Nanoseconds(99))
    #expect(distribution.samples == 100)
    #expect(TimeDistribution([7]) == TimeDistribution(exactly: Nanoseconds(7)))
  }

  @Test func noiseIsSpreadAndDrift() {
    let steady = ProfileNoise(probeTimes: [UInt64](repeating: 100, count: 40))
    #expect(steady.spread == 0 && steady.drift == 0 && steady.probes == 40)
    let spiky = ProfileNoise(probeTimes: (0..<40).map { $0 % 5 == 0 ? 200 : 100 })
    #expect(spiky.spread == 1 && spiky.drift == 0)
    let slower = ProfileNoise(probeTimes: (0..<40).map { $0 < 20 ? 100 : 150 })
    #expect(slower.drift == 0.5 && slower.figure >= 0.5)
  }

  /// Other work on the CPUs stretches long ops and leaves the short probe alone: the figure must see it.
  @Test func noiseSeesWhatTheProbeMisses() {
    func entry(_ threads: Int, _ p50: UInt64, _ p90: UInt64) -> ProfileEntry {
      let time = TimeDistribution(
        samples: 20, p10: Nanoseconds(p50), p50: Nanoseconds(p50), p90: Nanoseconds(p90),
        p99: Nanoseconds(p90))
      return ProfileEntry(
        kernel: .layerNormF32, shape: OpShape(.layerNorm, columns: 8), threads: threads,
        points: [ProfilePoint(rows: 1, time: time)])
    }
    let probe = [UInt64](repeating: 100, count: 40)
    let steady = ProfileNoise(probeTimes: probe, entries: [entry(1, 1000, 1000), entry(2, 500, 500)])
    #expect(steady.figure == 0)
    // Two threads three times as slow in the slow tenth, one thread steady: not averaged away.
    let busy = ProfileNoise(probeTimes: probe, entries: [entry(1, 1000, 1000), entry(2, 500, 1500)])
    #expect(busy.spread == 2 && busy.drift == 0 && busy.figure == 2)
    // A microsecond op's jitter weighs little beside a steady millisecond.
    let jitter = ProfileNoise(
      probeTimes: probe, entries: [entry(1, 1_000_000, 1_000_000), entry(1, 1000, 3000)])
    #expect(jitter.figure < 0.01)
  }

  @Test func keysKeepWhatTimeDependsOn() {
    var op = PlanOp(.gemm, layer: 1, rows: .input, columns: 512, depth: 64)
    op.parts = 4
    op.activation = .gelu
    #expect(OpShape(of: op) == .gemm(columns: 512, depth: 64, activation: .gelu))
    // A packed product is cut by its threads, which are the entry's.
    let packed = OpShape.gemm(columns: 512, depth: 64, activation: .gelu, parts: 1)
    #expect(OpShape(of: op).served(by: .gemmF32OpenBLAS) == OpShape(of: op))
    for kernel in [KernelID.gemmF32Panel, .gemmBF16Panel, .gemmI8Panel] {
      #expect(OpShape(of: op).served(by: kernel) == packed)
    }
    var attention = PlanOp(.attention, layer: 1, rows: .input, innerRows: .input, columns: 128, depth: 32)
    attention.heads = 4
    #expect(OpShape(of: attention) == OpShape(.attention, depth: 32, heads: 4))
    attention.bias = WeightReference(rawValue: 3)
    #expect(OpShape(of: attention).relativeBias)
  }

  @Test func everyKindHasAKernel() {
    for kind in OpKind.allCases { #expect(!kind.kernels.isEmpty, "\(kind)") }
    for (id, name) in KernelID.all { #expect(KernelID(name: name) == id) }
  }
}
