import TaperJSON
import TestSupport
import Testing

/// `taper plan` as a program: what users can wish for, and what is said of a wish that cannot be granted.
@Suite struct CommandLineWishTests {
  let taper = TaperProgram()
  let model = TaperProgram.model("tiny-bert-old-names")

  private func plan(_ arguments: [String], _ calibration: String? = nil) -> ChildProcess {
    ChildProcess.run(
      taper.program,
      [
        "plan", model, "--device", TaperProgram.referenceDevice, "--threads", "1", "--json", "-o",
        taper.path("a.plan"),
      ]
        + (calibration.map { ["--calibration", $0] } ?? []) + arguments)
  }

  private func summary(_ arguments: [String], _ calibration: String? = nil) throws -> JSONValue {
    let run = plan(arguments, calibration)
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
    #expect(explained.output.contains("--latency 1000000000ns --throughput 10.0/s"))
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
      ["--keep-counts", "1,1", "--no-restore", "--refit-head", labelled, "--max-drop", "100%"])["accuracy"]
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
    (["--throughput", "0/s"], 64, ["expected texts a second, above zero: 400/s"]),
    (["--throughput", "400"], 64, ["expected texts a second, above zero: 400/s"]),
    (["--mean-latency", "1ms", "--throughput", "400/s"], 64, ["expected one of them; found both"]),
    (
      ["--dense", "--max-arena", "4"], 64,
      ["expected an amount of memory above zero with its unit: 4MiB, 800KB"]
    ),
    (["--dense", "--min-accuracy", "101%"], 64, ["expected a share from 0 to 1"]),
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
    let floor = plan(["--dense", "--min-accuracy", "90%"])
    #expect(floor.exitCode == 64 && floor.errors.contains("expected texts to measure on; found none"))
  }
}
