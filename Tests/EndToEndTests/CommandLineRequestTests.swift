import TaperJSON
import TestSupport
import Testing

/// `taper plan` as a program: what users can ask for, and what is said of a request that cannot be met.
@Suite struct CommandLineRequestTests {
  let taper = TaperProgram()
  let model = TaperProgram.model("tiny-bert-old-names")

  private func plan(
    _ arguments: [String], _ calibration: String? = nil, device: String = TaperProgram.referenceDevice,
    environment: [String: String] = [:]
  ) -> ChildProcess {
    ChildProcess.run(
      taper.program,
      ["plan", model, "--device", device, "--threads", "1", "--json", "-o", taper.path("a.plan")]
        + (calibration.map { ["--calibration", $0] } ?? []) + arguments, environment: environment)
  }

  private func summary(
    _ arguments: [String], _ calibration: String? = nil, device: String = TaperProgram.referenceDevice
  ) throws -> JSONValue {
    let run = plan(arguments, calibration, device: device)
    try #require(run.exitCode == 0, "\(arguments): \(run.errors)")
    return try JSONValue.parse(Array(run.output.utf8))
  }

  @Test func deadlinesByLengthAndAverages() throws {
    let calibration = try taper.calibration()
    let dense = try #require(
      try summary(["--dense"], calibration)["lengths"]?.array?.last?["predicted_ns"]?.int)
    let stepped = try summary(["--latency", "12:1s,24:\(dense - 1000)ns"], calibration)
    #expect((stepped["lengths"]?.array?.last?["predicted_ns"]?.int ?? .max) < dense)
    for request in [
      ["--mean-latency", "1s"], ["--throughput", "10/s"], ["--throughput", "10/s", "--latency", "1s"],
    ] {
      let lengths = try summary(request, calibration)["lengths"]?.array ?? []
      #expect(lengths.last?["keep_counts"] == [24, 24], "\(request)")
    }
    let explained = try taper.json("explain", taper.path("a.plan"))
    #expect(explained["request"]?.string?.hasPrefix("--latency 1s --throughput 10/s ") == true)
  }

  @Test func percentilesLeaveRoomForTheTail() throws {
    let unsteady = try taper.device(
      #""run_overhead_ns":0}"#, #""run_overhead_ns":0,"tail":{"p90":1.1,"p99":1.5,"p99.9":2}}"#)
    let calibration = try taper.calibration()
    func longest(_ summary: JSONValue) throws -> Int {
      try #require(summary["lengths"]?.array?.last?["predicted_ns"]?.int)
    }
    let dense = try longest(summary(["--dense"], calibration))
    let roomy = try summary(["--latency", "\(dense * 3 / 2 + 10)ns@p99"], calibration, device: unsteady)
    #expect(try longest(roomy) == dense)
    #expect(roomy["percentile"] == ["name": "p99", "over_median": 1.5])
    let tight = try summary(["--latency", "\(dense * 3 / 2 - 1000)ns@p99"], calibration, device: unsteady)
    #expect(try longest(tight) < dense)
    let request = try taper.json("explain", taper.path("a.plan"))["request"]?.string
    #expect(request?.hasPrefix("--latency \(dense * 3 / 2 - 1000)ns@p99 ") == true, "\(request ?? "")")
    #expect(try summary(["--latency", "1s"], calibration, device: unsteady)["percentile"] == nil)

    plan(["--latency", "2us@p99"], calibration, device: unsteady)
      .expectRefused(2, naming: "2.0 µs", "p99", "1.50x")
    // The reference device does not say how times spread.
    plan(["--latency", "1s@p99"], calibration).expectRefused(65, naming: "p99")
  }

  @Test func asNeededAsksForATargetInTime() throws {
    for target in [["--dense"], ["--speedup", "2x"], ["--flops-speedup", "2x"]] {
      plan(target + ["--precision", "as-needed"]).expectRefused(64, naming: "as-needed", "target in time")
    }
  }

  @Test func unknownTiers() throws {
    plan(["--dense"], environment: ["TAPER_MAX_TIER": "avx9000"])
      .expectRefused(64, naming: "TAPER_MAX_TIER", "scalar, avx2, ", "avx9000")
    #expect(!TestFile.exists(taper.path("a.plan")))
    let runner = ChildProcess.run(
      ChildProcess.product("taper-run"), [try taper.plan("--dense")],
      environment: ["TAPER_MAX_TIER": "avx9000"])
    runner.expectRefused(64, naming: "TAPER_MAX_TIER", "scalar, avx2, ", "avx9000")
  }

  /// A profile's tier may be of another architecture, but not one that no build has.
  @Test func tiersOfProfiles() throws {
    let foreign = plan(["--dense"], device: try taper.device(#""tier":"scalar""#, #""tier":"neon""#))
    #expect(foreign.exitCode == 0, "\(foreign.errors)")
    plan(["--dense"], device: try taper.device(#""tier":"scalar""#, #""tier":"avx9000""#))
      .expectRefused(65, naming: "fingerprint.tier", "scalar, ", "avx9000")
  }

  @Test func memoryThatFits() throws {
    let whole = try summary(["--dense"])
    let resident = try #require(whole["resident_bytes"]?.int)
    let arena = try #require(whole["arena_bytes"]?.int)
    #expect(resident > arena)
    let exact = try summary(["--dense", "--max-resident", "\(resident + 100)B", "--max-arena", "\(arena)B"])
    #expect(exact["arena_bytes"]?.int == arena)
  }

  /// f32 is too large, so a lower precision is taken, and each that is not is explained.
  @Test func precisionGivesWayToMemory() throws {
    let calibration = try taper.calibration()
    let whole = try #require(try summary(["--dense"], calibration)["resident_bytes"]?.int)
    let auto = ["--dense", "--precision", "auto", "--disable-pass", "kernel-selection"]
    let found = try summary(auto + ["--max-drop", "100%", "--max-resident", "\(whole - 1000)B"], calibration)
    #expect((found["resident_bytes"]?.int ?? .max) <= whole - 1000)
    let candidates = try #require(found["candidates"]?.array)
    #expect(candidates.last?["taken"] == true)
    #expect(
      candidates.dropLast().allSatisfy { $0["taken"] == false && ($0["explanation"]?.string ?? "") != "" })
    // Canary examples come last.
    #expect((candidates.last?["resident_bytes"]?.int ?? 0) + 4096 > found["resident_bytes"]?.int ?? 0)

    plan(auto + ["--max-drop", "100%", "--max-resident", "1KB"], calibration)
      .expectRefused(2, naming: "f32", "bf16", "int8", "resident memory")
  }

  @Test func depthSaysWhatDeeperCutsWouldTake() throws {
    let found = try summary(["--method", "depth", "--speedup", "1.2x"])
    let candidates = try #require(found["candidates"]?.array)
    #expect(candidates.map { $0["name"]?.string } == ["2 layers", "1 layer"])
    #expect(candidates.map { $0["taken"] } == [false, true])
    let explanation = try #require(candidates[0]["explanation"]?.string)
    #expect(["1.20x", "1.00x"].allSatisfy(explanation.contains), "\(explanation)")
  }

  @Test func aFloorIsProvenByTheTexts() throws {
    let labelled = taper.texts("labelled.jsonl", count: 200)
    let dense = ["--dense", "--refit-head", labelled]
    let found = try #require(try summary(dense + ["--min-accuracy", "60%"])["accuracy"])
    let interval = try #require(found["interval"]?.array)
    #expect((interval[0].double ?? 0) >= 0.6 && found["flip_count"] == 0 && found["flips"] == [])
    // Above what so few texts can prove, whatever was measured.
    plan(dense + ["--min-accuracy", "99.9%"]).expectRefused(3, naming: "99.90", "95%", "40 texts")
  }

  @Test func changedLabelsAreListed() throws {
    // Labels that hang on one word among others: too few texts for two heads to agree on.
    let known = ["the", "model", "of", "plan", "token"]
    var state = 1
    let lines = (0..<200).map { index in
      var words = (0..<3 + index % 5).map { _ in
        state = (state * 1_103_515_245 + 12_345) % (1 << 31)
        return known[(state >> 16) % 5]
      }
      let digit = index * 7 % 10
      words.insert("\(digit)", at: index % 3)
      return #"{"text":"\#(words.joined(separator: " "))","label":"\#(digit % 2 == 1 ? "a" : "b")"}"#
    }
    let labelled = taper.folder.write("labelled.jsonl", lines.joined(separator: "\n") + "\n")
    let found = try summary(
      ["--keep-counts", "1,1", "--read-out", "kept", "--refit-head", labelled, "--max-drop", "100%"])[
        "accuracy"]
    let flips = try #require(found?["flips"]?.array)
    #expect(found?["flip_count"]?.int == flips.count && !flips.isEmpty)
    for flip in flips {
      #expect(flip.keys == ["text", "dense", "planned", "expected"] && flip["dense"] != flip["planned"])
      #expect((1...200).contains(flip["text"]?.int ?? 0))
    }
  }

  /// A request that cannot be met or understood, the exit code, and the facts that its message holds.
  struct Impossible: Sendable, CustomTestStringConvertible {
    var request: [String]
    var code: Int32
    var facts: [String]
    var testDescription: String { request.joined(separator: " ") }

    init(_ request: String..., code: Int32, facts: [String]) {
      self.request = request
      self.code = code
      self.facts = facts
    }
  }

  static let impossible = [
    Impossible("--latency", "2us", code: 2, facts: ["2.0 µs"]),
    Impossible("--latency", "12:1s,24:2us", code: 2, facts: ["2.0 µs", "24 tokens"]),
    Impossible("--mean-latency", "2us", code: 2, facts: ["2.0 µs"]),
    Impossible("--throughput", "1000000/s", code: 2, facts: ["1000000"]),
    Impossible("--speedup", "50x", code: 2, facts: ["50.00x"]),
    Impossible("--flops-speedup", "50x", code: 2, facts: ["50.00x"]),
    Impossible("--dense", "--max-arena", "1KB", code: 2, facts: ["arena", "1.0 KB", "--max-length "]),
    Impossible(
      "--dense", "--max-resident", "1KB", code: 2, facts: ["resident memory", "1.0 KB", "--precision "]),
    Impossible(
      "--latency", "1s", "--precision", "f32", "--max-resident", "1KB", code: 2,
      facts: ["resident memory", "1.0 KB", "--precision "]),
    Impossible("--flops-speedup", "2.5x", "--max-drop", "0%", code: 3, facts: ["0.00 points", "--max-drop"]),
    Impossible(
      "--flops-speedup", "2.5x", "--min-accuracy", "100%", code: 3, facts: ["100.00", "--min-accuracy"]),
    Impossible("--dense", "--max-length", "25", code: 64, facts: ["--max-length", "4 to 24", "25"]),
    Impossible("--latency", "12:1s", code: 64, facts: ["12", "24", "--max-length 12"]),
    Impossible("--latency", "12:1s,6:2s", code: 64, facts: ["12:1s,6:2s"]),
    Impossible("--latency", "5ms@p98", code: 64, facts: ["5ms@p98", "@p90, @p99", "@p99.9"]),
    Impossible("--latency", "0.0001ns", code: 64, facts: ["0.0001ns"]),
    Impossible("--latency", "5", code: 64, facts: ["--latency"]),
    Impossible("--speedup", "1e300x", code: 64, facts: ["1e300x"]),
    Impossible("--speedup", "0.5x", code: 64, facts: ["0.5x"]),
    Impossible(
      "--dense", "--precision", "fp16", code: 64, facts: ["--precision", "f32", "bf16", "int8", "fp16"]),
    Impossible("--dense", "--method", "magic", code: 64, facts: ["--method", "acc+halting", "magic"]),
    Impossible(
      "--dense", "--disable-pass", "magic", code: 64, facts: ["--disable-pass", "fuse-qkv", "magic"]),
    Impossible("--dense", "--depth", "3", code: 64, facts: ["--depth", "0 to 2", "3"]),
    Impossible("--throughput", "0/s", code: 64, facts: ["0/s", "400/s"]),
    Impossible("--throughput", "400", code: 64, facts: ["400/s"]),
    Impossible(
      "--mean-latency", "1ms", "--throughput", "400/s", code: 64, facts: ["--mean-latency", "--throughput"]),
    Impossible("--dense", "--speedup", "2x", code: 64, facts: ["target", "2"]),
    Impossible("--dense", "--max-arena", "4", code: 64, facts: ["--max-arena", "4MiB"]),
    Impossible("--dense", "--min-accuracy", "101%", code: 64, facts: ["--min-accuracy", "101%"]),
    Impossible("--dense", "--max-drop", "1e300", code: 64, facts: ["--max-drop", "1e300"]),
    Impossible("--keep-counts", "25,3", code: 64, facts: ["--keep-counts", "24", "25"]),
    Impossible("--keep-counts", "7,3", "--method", "depth", code: 64, facts: ["--keep-counts", "depth"]),
    Impossible("--method", "search", "--dense", code: 64, facts: ["--method search"]),
    Impossible(
      "--method", "search", "--speedup", "2x", "--depth", "1", code: 64,
      facts: ["--method search", "--depth"]),
    Impossible(
      "--method", "search", "--speedup", "2x", "--search-minutes", "nan", code: 64,
      facts: ["--search-minutes", "nan"]),
    Impossible(
      "--method", "search", "--speedup", "2x", "--search-minutes", "inf", code: 64,
      facts: ["--search-minutes", "inf"]),
    Impossible("--dense", "--search-minutes", "5", code: 64, facts: ["--search-minutes", "search", "acc"]),
    Impossible("--dense", "--decay", "0.1", code: 64, facts: ["--decay", "--dense"]),
    Impossible("--keep-counts", "7,3", "--decay", "0.1", code: 64, facts: ["--decay", "--keep-counts"]),
    Impossible(
      "--method", "depth", "--speedup", "1.1x", "--decay", "0.1", code: 64,
      facts: ["--decay", "--method depth"]),
    Impossible(
      "--method", "halting", "--speedup", "2x", "--decay", "0.1", code: 64,
      facts: ["--decay", "--method halting"]),
    Impossible(
      "--method", "halting", "--dense", "--refit-head", "/nowhere", code: 64,
      facts: ["--refit-head", "halting"]),
  ]

  @Test(arguments: impossible) func cannotBeMet(_ impossible: Impossible) throws {
    plan(impossible.request, try taper.calibration())
      .expectRefused(impossible.code, naming: impossible.facts)
    #expect(!TestFile.exists(taper.path("a.plan")))
  }

  @Test(arguments: [
    (["--mean-latency", "1ms"], ["--mean-latency", "--calibration"]),
    (["--method", "search", "--speedup", "1.1x"], ["--method search", "--calibration"]),
    (["--dense", "--min-accuracy", "90%"], ["--min-accuracy", "--calibration"]),
    (["--dense", "--precision", "auto"], ["--precision auto", "--calibration"]),
    (["--speedup", "1.1x"], ["--calibration"]),
  ])
  func requestsThatNeedTexts(request: [String], facts: [String]) {
    plan(request).expectRefused(64, naming: facts)
  }
}
