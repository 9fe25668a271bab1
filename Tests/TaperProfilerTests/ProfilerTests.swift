import TaperDeviceProfile
import TaperPlanFormat
import TaperProfiler
import Testing

/// Structure and counts of a measurement, never its times. Serial: measurements would disturb each other's
/// pools.
@Suite(.serialized) struct ProfilerTests {
  static let model = ModelShape(
    hidden: 32, layers: 2, heads: 2, feedForward: 64, vocabulary: 100, tokenTypes: 2)

  static func request(
    threads: [Int] = [1], rows: Int = 8, minimumSamples: Int = 3, planes: Bool = false,
    noiseLimit: Double = .infinity
  ) -> ProfilingRequest {
    ProfilingRequest(
      name: "smoke", created: "today",
      shapes: ProfilingRequest.shapes(
        of: model, outputWidth: 3, head: [.gemm(columns: 64, depth: 64, activation: .tanh)],
        relativeBias: true, selectorWidth: 8, halts: true),
      threads: threads, maximumRows: rows, budget: Nanoseconds(1), minimumSamples: minimumSamples,
      maximumSamples: 3, measuresPlanes: planes, noiseLimit: noiseLimit)
  }

  /// The kernels of a kind that this machine's tier is measured with, planes included.
  private static func measured(_ kind: OpKind) -> [KernelID] {
    let boundsPairs = ["avx2", "avx512"].contains(Fingerprint.current().tier)
    return kind.kernels.filter { $0 != .gemmF32Scalar && ($0 != .gemmI8Pairs || boundsPairs) }
  }

  @Test func measuresEveryShape() throws {
    var shares: [Double] = []
    let request = Self.request(planes: true)
    let profile = try Profiler.measure(request) { share, _ in shares.append(share) }
    #expect(profile.name == "smoke" && profile.created == "today" && profile.threadCounts == [1])
    #expect(shares == shares.sorted() && shares.first == 0 && shares.last == 1)
    for shape in request.shapes {
      for kernel in Self.measured(shape.kind) {
        let key = shape.served(by: kernel)
        let entry = try #require(profile.entry(kernel: kernel, shape: key, threads: 1), "\(shape)")
        #expect(entry.points.allSatisfy { $0.time.samples == 3 && $0.time.p50.rawValue > 0 })
        let counts = entry.points.map { shape.variables == .rows ? $0.rows : $0.innerRows }
        // Answers are one row.
        #expect(Set(counts) == (shape.kind.isAnswer ? [1] : [1, 2, 3, 4, 6, 8]))
        if shape.variables == .both { #expect(entry.points.contains { $0.rows == 1 && $0.innerRows == 8 }) }
      }
    }
    // Products a second time, with weights in the last cache.
    let expected = request.shapes.reduce(0) {
      $0 + Self.measured($1.kind).count * ($1.kind.isProduct ? 2 : 1)
    }
    #expect(profile.entries.count == expected)
    let figures = try #require(profile.figures(threads: 1))
    #expect(figures.bandwidthOneStream > 0 && figures.bandwidthManyStreams > 0 && figures.computePeak > 0)
    #expect(profile.noise.probes >= 3)
    let near = profile.entries.filter(\.isNear)
    #expect(!near.isEmpty && near.allSatisfy { $0.shape.kind.isProduct && $0.points.count == 6 })
    let sizes = figures.footprints.map(\.byteCount)
    #expect(
      !sizes.isEmpty && sizes == sizes.sorted() && figures.footprints.allSatisfy { $0.bytesPerSecond > 0 })
    #expect(figures.references.map { $0.compute > .zero && $0.bandwidth > .zero } == true)
    #expect(figures.tail.map { 1 <= $0.p90 && $0.p90 <= $0.p99 && $0.p99 <= $0.p999 } == true)
    #expect(try DeviceProfile.parse(Array(profile.serialized().utf8)) == profile)
  }

  @Test func excludedKernelsAreNotMeasured() throws {
    var request = Self.request(rows: 2, minimumSamples: 1)
    request.excludedKernels = [.gemmF32OpenBLAS]
    let kernels = Set(try Profiler.measure(request).entries.map(\.kernel))
    #expect(!kernels.contains(.gemmF32OpenBLAS) && kernels.contains(.gemmF32Panel))
  }

  /// Measuring takes no longer where products of planes cannot pay.
  @Test func measuresPlanesWhereTheyArePaid() throws {
    var request = Self.request(rows: 2)
    request.shapes = [.gemm(columns: 64, depth: 32), OpShape(.encode, columns: 32)]
    func kernels(_ planes: Bool?) throws -> Set<KernelID> {
      request.measuresPlanes = planes
      return Set(try Profiler.measure(request).entries.map(\.kernel))
    }
    let planes: Set<KernelID> = [.gemmF32X3, .gemmF32X6, .encodeBF16x2, .encodeBF16x3]
    #expect(try kernels(true).isSuperset(of: planes))
    #expect(try kernels(false).isDisjoint(with: planes))
    let isAMX = Fingerprint.current().tier == "amx"
    #expect(try kernels(nil).isSuperset(of: planes) == isAMX)
  }

  @Test(.enabled(if: Fingerprint.current().cores >= 2, "two threads need two cores"))
  func measuresEachThreadCountOnce() throws {
    var request = Self.request(threads: [2, 1, 2], rows: 2)
    request.shapes = [.gemm(columns: 64, depth: 32), OpShape(.layerNorm, columns: 32)]
    let profile = try Profiler.measure(request)
    #expect(profile.threadCounts == [1, 2])
    // Products twice: with weights in memory, and in the last cache.
    let count = 2 * Self.measured(.gemm).count { $0.planes == 1 } + 1
    #expect(
      profile.entries.map(\.threads) == [Int](repeating: 1, count: count) + [Int](repeating: 2, count: count))
  }

  @Test func refusesANoisyMachine() {
    // No machine is steadier than perfect.
    let error = #expect(throws: ProfilerError.self) {
      try Profiler.measure(Self.request(rows: 1, minimumSamples: 1, noiseLimit: -1))
    }
    guard case .tooNoisy(let noise, let limit)? = error else {
      Issue.record("\(String(describing: error)) is not tooNoisy")
      return
    }
    #expect(limit == -1 && noise.probes > 0)
  }

  @Test func refusesImpossibleRequests() {
    let cores = Fingerprint.current().cores
    #expect(throws: ProfilerError.threadsUnavailable(wanted: cores + 1, available: cores)) {
      try Profiler.measure(Self.request(threads: [cores + 1]))
    }
    #expect(throws: ProfilerError.nothingToMeasure) { try Profiler.measure(Self.request(threads: [])) }
    #expect(
      throws: ProfilerError.invalidRequest(field: "maximum rows", expected: "from 1 to 4096", found: "0")
    ) { try Profiler.measure(Self.request(rows: 0)) }
    var huge = Self.request(rows: 4096)
    huge.shapes = [OpShape(.attentionScores, depth: 64, heads: 64)]
    let error = #expect(throws: ProfilerError.self) { try Profiler.measure(huge) }
    guard case .tooLarge? = error else {
      Issue.record("\(String(describing: error)) is not tooLarge")
      return
    }
  }

  @Test func fingerprintNamesTheMachine() {
    let fingerprint = Fingerprint.current()
    #expect(!fingerprint.cpu.isEmpty && fingerprint.cores >= 1 && !fingerprint.blasCore.isEmpty)
    #expect(fingerprint.system.hasPrefix("Linux "))
    #expect(!fingerprint.environment.contains { $0.name == "OPENBLAS_NUM_THREADS" })
    #expect(fingerprint.differences(from: fingerprint).isEmpty)
    var other = fingerprint
    other.blasCore += "x"
    other.system = "elsewhere"
    #expect(fingerprint.differences(from: other) == ["blas_core"])
  }
}
