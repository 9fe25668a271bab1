import TaperJSON
import TestSupport
import Testing

/// `taper plan` as a program: what users can wish for, and what is said of a wish that cannot be granted.
@Suite struct CommandLineWishTests {
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
    for wish in [
      ["--mean-latency", "1s"], ["--throughput", "10/s"], ["--throughput", "10/s", "--latency", "1s"],
    ] {
      let lengths = try summary(wish, calibration)["lengths"]?.array ?? []
      #expect(lengths.last?["keep_counts"] == [24, 24], "\(wish)")
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
    #expect(unreachable.exitCode == 2)
    #expect(
      unreachable.errors.contains("target 2.0 µs at p99 unreachable: best ")
        && unreachable.errors.contains("p99 is 1.50x the median in the profile"), "\(unreachable.errors)")
    // The reference device does not say how times spread.
    let unknown = plan(["--latency", "1s@p99"], calibration)
    #expect(
      unknown.exitCode == 65
        && unknown.errors.contains("expected how times spread, to plan for p99; found none"))
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
    #expect(
      none.exitCode == 2 && none.errors.contains("expected a precision that meets every wish; found none: "))
    #expect(none.errors.contains("int8: but resident memory of "), "\(none.errors)")
  }

  @Test func depthSaysWhatDeeperCutsWouldTake() throws {
    let found = try summary(["--method", "depth", "--speedup", "1.2x"])
    let candidates = try #require(found["candidates"]?.array)
    #expect(candidates.map { $0["name"]?.string } == ["2 layers", "1 layer"])
    #expect(
      candidates[0]["explanation"]?.string?.contains("speedup 1.20x in time unreachable: best 1.00x") == true)
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
    #expect(unproven.errors.contains("accuracy floor: expected accuracy of at least 99.90; found "))
    #expect(
      unproven.errors.contains("is proven (95%), on 40 texts") && unproven.errors.contains("more texts"))
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

  /// Each impossible wish: its exit code, what was expected and found, and what to do.
  @Test(arguments: [
    (["--latency", "2us"], 2, ["target 2.0 µs unreachable: best "]),
    (["--latency", "12:1s,24:2us"], 2, ["target 2.0 µs up to 24 tokens unreachable: best "]),
    (["--mean-latency", "2us"], 2, ["target 2.0 µs on average unreachable: best ", " on average"]),
    (
      ["--throughput", "1000000/s"], 2,
      ["target 1000000 texts a second unreachable: best ", "texts a second"]
    ),
    (["--speedup", "50x"], 2, ["speedup 50.00x in time unreachable: best "]),
    (["--flops-speedup", "50x"], 2, ["speedup 50.00x in work unreachable: best "]),
    (["--dense", "--max-arena", "1KB"], 2, ["arena: expected at most 1.0 KB; found ", "--max-length "]),
    (
      ["--dense", "--max-resident", "1KB"], 2,
      ["resident memory: expected at most 1.0 KB; found ", "--precision "]
    ),
    (
      ["--flops-speedup", "2.5x", "--max-drop", "0%"], 3,
      ["accuracy gate: expected at most 0.00 points", "--max-drop"]
    ),
    (
      ["--flops-speedup", "2.5x", "--min-accuracy", "100%"], 3,
      ["accuracy floor: expected ", "--min-accuracy"]
    ),
    (
      ["--dense", "--max-length", "25"], 64,
      ["--max-length: expected 4 to 24 tokens for this model; found 25"]
    ),
    (
      ["--latency", "12:1s"], 64,
      ["expected a deadline for every length up to 24; found none above 12; ", "--max-length 12"]
    ),
    (["--latency", "12:1s,6:2s"], 64, ["expected a time above zero with its unit"]),
    (["--latency", "5ms@p98"], 64, ["if not for the median, @p90, @p99 or @p99.9"]),
    (["--latency", "0.0001ns"], 64, ["expected a time above zero with its unit"]),
    (["--speedup", "1e300x"], 64, ["expected a factor of at least 1, at most a million"]),
    (["--dense", "--precision", "fp16"], 64, ["--precision: expected f32, bf16, int8 or auto; found fp16"]),
    (["--dense", "--method", "magic"], 64, ["--method: expected acc, ", "found magic"]),
    (["--dense", "--depth", "3"], 64, ["depth: expected 1 to 2, the model's layers; found 3"]),
    (["--throughput", "0/s"], 64, ["expected texts a second, above zero: 400/s"]),
    (["--throughput", "400"], 64, ["expected texts a second, above zero: 400/s"]),
    (["--mean-latency", "1ms", "--throughput", "400/s"], 64, ["expected one of them; found both"]),
    (
      ["--dense", "--max-arena", "4"], 64,
      ["expected an amount of memory above zero with its unit: 4MiB, 800KB"]
    ),
    (["--dense", "--min-accuracy", "101%"], 64, ["expected a share from 0 to 1"]),
    (["--dense", "--max-drop", "1e300"], 64, ["expected a share of at least 0, at most a million"]),
    (["--method", "search", "--speedup", "2x", "--search-minutes", "nan"], 64, ["expected minutes above 0"]),
    (["--method", "search", "--speedup", "2x", "--search-minutes", "inf"], 64, ["expected minutes above 0"]),
    (["--dense", "--search-minutes", "5"], 64, ["--search-minutes: expected method search; found acc"]),
    (["--dense", "--decay", "0.1"], 64, ["--decay: expected method acc or ", "found --dense"]),
    (["--keep-counts", "7,3", "--decay", "0.1"], 64, ["--decay: expected ", "found --keep-counts"]),
    (
      ["--method", "depth", "--speedup", "1.1x", "--decay", "0.1"], 64, ["--decay: ", "found --method depth"]
    ),
    (["--method", "halting", "--speedup", "2x", "--decay", "0.1"], 64, ["--decay: ", "--method halting"]),
    (
      ["--method", "halting", "--dense", "--refit-head", "/nowhere"], 64,
      ["--refit-head: expected a method that answers with one head; found halting"]
    ),
  ])
  func impossible(wish: [String], code: Int, words: [String]) throws {
    let run = plan(wish, try taper.calibration())
    #expect(Int(run.exitCode) == code && run.output == "", "\(run.errors)")
    for words in words { #expect(run.errors.contains(words), "\(run.errors)") }
    #expect(!TestFile.exists(taper.path("a.plan")))
  }

  @Test func wishesThatNeedTexts() {
    let average = plan(["--mean-latency", "1ms"])
    #expect(average.exitCode == 64 && average.errors.contains("expected a calibration, whose lengths"))
    let search = plan(["--method", "search", "--speedup", "1.1x"])
    #expect(
      search.exitCode == 64 && search.errors.contains("method search: expected texts"), "\(search.errors)")
    let floor = plan(["--dense", "--min-accuracy", "90%"])
    #expect(floor.exitCode == 64 && floor.errors.contains("expected texts to measure on; found none"))
  }
}
