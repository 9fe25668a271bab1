import TaperJSON
import TaperPlanner
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
    for target in [
      ["--mean-latency", "1s"], ["--throughput", "10/s"], ["--throughput", "10/s", "--latency", "1s"],
    ] {
      let lengths = try summary(target, calibration)["lengths"]?.array ?? []
      #expect(lengths.last?["keep_counts"] == [24, 24], "\(target)")
    }
    let explained = taper("explain", taper.path("a.plan"))
    #expect(explained.output.contains("--latency 1s --throughput 10/s"))
  }

  /// The reference device with a part of its profile replaced.
  private func device(_ old: String, _ new: String) throws -> String {
    let text = String(decoding: TestFile.bytes(TaperProgram.referenceDevice), as: UTF8.self)
    let changed = text.replacing(old, with: new, maxReplacements: 1)
    try #require(changed != text)
    return taper.folder.write("device.json", changed)
  }

  @Test func percentilesLeaveRoomForTheTail() throws {
    let unsteady = try device(
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
    #expect(taper("explain", taper.path("a.plan")).output.contains("ns@p99 "))
    #expect(try summary(["--latency", "1s"], calibration, device: unsteady)["percentile"] == nil)

    let unreachable = plan(["--latency", "2us@p99"], calibration, device: unsteady)
    #expect(unreachable.exitCode == 2 && unreachable.errors.contains("p99"), "\(unreachable.errors)")
    // The reference device does not say how times spread.
    let unknown = plan(["--latency", "1s@p99"], calibration)
    #expect(unknown.exitCode == 65 && unknown.errors.contains("p99"), "\(unknown.errors)")
  }

  @Test func unknownTiers() throws {
    let capped = plan(["--dense"], environment: ["TAPER_MAX_TIER": "avx9000"])
    #expect(capped.exitCode == 64 && capped.errors.contains("TAPER_MAX_TIER: expected one of scalar, avx2, "))
    #expect(capped.errors.contains("found avx9000") && !TestFile.exists(taper.path("a.plan")))
    let runner = ChildProcess.run(
      ChildProcess.product("taper-run"), [try taper.plan("--dense")],
      environment: ["TAPER_MAX_TIER": "avx9000"])
    #expect(runner.exitCode == 64 && runner.errors.contains("TAPER_MAX_TIER: expected one of "))
  }

  /// A profile's tier may be of another architecture, but not one that no build has.
  @Test func tiersOfProfiles() throws {
    let foreign = plan(["--dense"], device: try device(#""tier":"scalar""#, #""tier":"neon""#))
    #expect(foreign.exitCode == 0, "\(foreign.errors)")
    let unknown = plan(["--dense"], device: try device(#""tier":"scalar""#, #""tier":"avx9000""#))
    #expect(unknown.exitCode == 65 && unknown.output == "")
    #expect(
      unknown.errors.contains("fingerprint.tier must be one of scalar, ")
        && unknown.errors.contains("found \"avx9000\"; make it anew"), "\(unknown.errors)")
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

    let none = plan(auto + ["--max-drop", "100%", "--max-resident", "1KB"], calibration)
    #expect(none.exitCode == 2 && none.errors.contains("--precision auto: "), "\(none.errors)")
    for precision in Precision.allCases { #expect(none.errors.contains("\(precision.rawValue): ")) }
  }

  @Test func depthSaysWhatDeeperCutsWouldTake() throws {
    let found = try summary(["--method", "depth", "--speedup", "1.2x"])
    let candidates = try #require(found["candidates"]?.array)
    #expect(candidates.map { $0["name"]?.string } == ["2 layers", "1 layer"])
    #expect(candidates.map { $0["taken"]?.bool } == [false, true])
    #expect(candidates[0]["explanation"]?.string?.contains("1.20x") == true)
  }

  @Test func aFloorIsProvenByTheTexts() throws {
    let labelled = taper.texts("labelled.jsonl", count: 200)
    let dense = ["--dense", "--refit-head", labelled]
    let found = try #require(try summary(dense + ["--min-accuracy", "60%"])["accuracy"])
    let interval = try #require(found["interval"]?.array)
    #expect((interval[0].double ?? 0) >= 0.6 && found["flip_count"] == 0 && found["flips"] == [])
    // Above what so few texts can prove, whatever was measured.
    let unproven = plan(dense + ["--min-accuracy", "99.9%"])
    #expect(unproven.exitCode == 3 && unproven.output == "", "\(unproven.errors)")
    #expect(unproven.errors.contains("99.90") && unproven.errors.contains("40 texts"), "\(unproven.errors)")
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
      ["--keep-counts", "1,1", "--restore", "no", "--refit-head", labelled, "--max-drop", "100%"])["accuracy"]
    let flips = try #require(found?["flips"]?.array)
    #expect(found?["flip_count"]?.int == flips.count && !flips.isEmpty)
    for flip in flips {
      #expect(flip.keys == ["text", "dense", "planned", "expected"] && flip["dense"] != flip["planned"])
      #expect((1...200).contains(flip["text"]?.int ?? 0))
    }
  }

  /// Each request that cannot be met, with its exit code and the options its message must name.
  @Test(arguments: [
    (["--latency", "2us"], 2, ["2.0 µs", "24 tokens"]),
    (["--latency", "12:1s,24:2us"], 2, ["2.0 µs up to 24 tokens"]),
    (["--mean-latency", "2us"], 2, ["2.0 µs on average"]),
    (["--throughput", "1000000/s"], 2, ["1000000 texts a second"]),
    (["--speedup", "50x"], 2, ["50.00x in time"]),
    (["--flops-speedup", "50x"], 2, ["50.00x in work"]),
    (["--dense", "--max-arena", "1KB"], 2, ["arena", "--max-length "]),
    (["--dense", "--max-resident", "1KB"], 2, ["resident memory", "--precision "]),
    (["--flops-speedup", "2.5x", "--max-drop", "0%"], 3, ["--max-drop"]),
    (["--flops-speedup", "2.5x", "--min-accuracy", "100%"], 3, ["--min-accuracy"]),
    (["--dense", "--max-length", "25"], 64, ["--max-length", "24", "25"]),
    (["--latency", "12:1s"], 64, ["--latency", "--max-length 12"]),
    (["--latency", "12:1s,6:2s"], 64, ["--latency"]),
    (["--latency", "5ms@p98"], 64, ["--latency", "@p99.9"]),
    (["--latency", "0.0001ns"], 64, ["--latency"]),
    (["--speedup", "1e300x"], 64, ["--speedup"]),
    (["--dense", "--precision", "fp16"], 64, ["--precision", "bf16", "fp16"]),
    (["--dense", "--method", "magic"], 64, ["--method", "acc+halting", "magic"]),
    (["--dense", "--disable-pass", "magic"], 64, ["--disable-pass", "fuse-qkv", "magic"]),
    (["--dense", "--depth", "3"], 64, ["--depth", "2", "3"]),
    (["--throughput", "0/s"], 64, ["--throughput"]),
    (["--throughput", "400"], 64, ["--throughput"]),
    (["--mean-latency", "1ms", "--throughput", "400/s"], 64, ["--mean-latency, --throughput"]),
    (["--dense", "--speedup", "2x"], 64, ["target", "found 2"]),
    (["--dense", "--max-arena", "4"], 64, ["--max-arena"]),
    (["--dense", "--min-accuracy", "101%"], 64, ["--min-accuracy"]),
    (["--dense", "--max-drop", "1e300"], 64, ["--max-drop"]),
    (["--keep-counts", "25,3"], 64, ["--keep-counts", "24", "25"]),
    (["--keep-counts", "7,3", "--method", "depth"], 64, ["--keep-counts", "depth"]),
    (["--method", "search", "--dense"], 64, ["--method search"]),
    (["--method", "search", "--speedup", "2x", "--depth", "1"], 64, ["--method search", "--depth"]),
    (["--method", "search", "--speedup", "2x", "--search-minutes", "nan"], 64, ["--search-minutes"]),
    (["--method", "search", "--speedup", "2x", "--search-minutes", "inf"], 64, ["--search-minutes"]),
    (["--dense", "--search-minutes", "5"], 64, ["--search-minutes", "found acc"]),
    (["--dense", "--decay", "0.1"], 64, ["--decay", "found --dense"]),
    (["--keep-counts", "7,3", "--decay", "0.1"], 64, ["--decay", "found --keep-counts"]),
    (["--method", "depth", "--speedup", "1.1x", "--decay", "0.1"], 64, ["--decay", "--method depth"]),
    (["--method", "halting", "--speedup", "2x", "--decay", "0.1"], 64, ["--decay", "--method halting"]),
    (["--method", "halting", "--dense", "--refit-head", "/nowhere"], 64, ["--refit-head", "halting"]),
  ])
  func impossible(request: [String], code: Int, facts: [String]) throws {
    let run = plan(request, try taper.calibration())
    #expect(Int(run.exitCode) == code && run.output == "", "\(run.errors)")
    for fact in facts { #expect(run.errors.contains(fact), "\(run.errors)") }
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
    let run = plan(request)
    #expect(run.exitCode == 64 && run.output == "", "\(run.errors)")
    for fact in facts { #expect(run.errors.contains(fact), "\(run.errors)") }
  }
}
