import TaperJSON
import TestSupport
import Testing

/// `taper plan --method search` on models that were trained to drop tokens and to halt.
@Suite struct CommandLineSearchTests {
  let taper = TaperProgram()

  private func plan(
    _ model: String, _ calibration: String, _ arguments: [String], name: String = "search.plan"
  ) -> ChildProcess {
    ChildProcess.run(
      taper.program,
      [
        "plan", TaperProgram.model(model), "--device", TaperProgram.referenceDevice, "--calibration",
        calibration, "--method", "search", "--threads", "1", "-o", taper.path(name),
      ] + arguments)
  }

  private func calibration(_ model: String, _ texts: String) throws -> String {
    let run = taper("calibrate", TaperProgram.model(model), "--data", texts, "-o", taper.path(model))
    try #require(run.exitCode == 0, "\(run.errors)")
    return taper.path(model)
  }

  /// Without labels to refit on, the model's own heads are judged on the calibration's texts.
  @Test(arguments: [
    ("tuned-halting", ["halting"]), ("tuned-selector", ["selector"]),
    ("tuned-selector-halting", ["halting", "selector", "selector+halting"]),
  ])
  func everythingTheModelHasIsTried(model: String, methods: [String]) throws {
    let calibration = try calibration(model, taper.words(labels: ["a", "b", "c"]))
    let run = plan(model, calibration, ["--speedup", "1.1x", "--json"])
    try #require(run.exitCode == 0, "\(run.errors)")
    let summary = try JSONValue.parse(Array(run.output.utf8))
    let trials = try #require(summary["trials"]?.array)
    let tried = Set(trials.compactMap { $0["method"]?.string })
    #expect(tried.isSuperset(of: methods + ["acc"]), "\(tried)")
    #expect(tried.contains("selector-static") == methods.contains("selector"))
    // At least as good as plain acc, on the same texts, with an interval.
    let (best, plain) = (trials[0], try #require(summary["acc_trial"]))
    #expect(plain["method"] == "acc" && plain["depth"] == 4 && plain["decay"] == .null)
    let metrics = [best, plain].map { $0["metric"]?.double ?? .nan }
    #expect(metrics[0] >= metrics[1] && best["texts"] == plain["texts"])
    for trial in trials {
      let (metric, low, high) = (trial["metric"]?.double, trial["low"]?.double, trial["high"]?.double)
      #expect((low ?? 1) <= (metric ?? 0) && (metric ?? 1) <= (high ?? 0))
      #expect((trial["expected_ns"]?.int ?? .max) <= (trial["worst_ns"]?.int ?? 0))
    }
    // Among equals none is expected to be faster.
    for trial in trials where trial["metric"] == best["metric"] && trial["texts"] == best["texts"] {
      #expect((best["expected_ns"]?.int ?? .max) <= (trial["expected_ns"]?.int ?? 0))
    }
    // The target binds the worst case of what was chosen.
    let longest = try #require(summary["lengths"]?.array?.last)
    #expect((longest["time_speedup"]?.double ?? 0) >= 1.1)
    #expect(longest["predicted_ns"] == best["worst_ns"])
    #expect(taper("verify", taper.path("search.plan")).exitCode == 0)
  }

  /// With labels heads are refitted, but a halting candidate's; and a search goes on where it stopped.
  @Test func labelsCacheAndWords() throws {
    let model = "tuned-acc-halting"
    let texts = taper.words(labels: ["a", "b", "c"], count: 80)
    let calibration = try calibration(model, texts)
    let arguments = [
      "--flops-speedup", "1.3x", "--refit-head", texts, "--search-cache", taper.path("c.jsonl"),
    ]
    let first = plan(model, calibration, arguments)
    try #require(first.exitCode == 0, "\(first.errors)")
    let lines = String(decoding: TestFile.bytes(taper.path("c.jsonl")), as: UTF8.self)
    let trials = try JSONValue.lines(lines)
    #expect(trials.count > 8)
    let second = plan(model, calibration, arguments, name: "again.plan")
    #expect(
      second.output.replacing("again.plan", with: "") == first.output.replacing("search.plan", with: ""))
    #expect(TestFile.bytes(taper.path("again.plan")) == TestFile.bytes(taper.path("search.plan")))
    #expect(String(decoding: TestFile.bytes(taper.path("c.jsonl")), as: UTF8.self) == lines)
    // Another rule is another question.
    let third = plan(model, calibration, arguments + ["--halting-rule", "authors"])
    #expect(third.exitCode == 0, "\(third.errors)")
    let both = String(decoding: TestFile.bytes(taper.path("c.jsonl")), as: UTF8.self)
    #expect(both.hasPrefix(lines) && both.count > lines.count)
  }

  /// Refused before anything is measured, and left as they are.
  @Test func cachesThatAreNone() throws {
    let model = "tuned-halting"
    let calibration = try calibration(model, taper.words(labels: ["a", "b", "c"]))
    let device = taper.folder.write(
      "device.json", String(decoding: TestFile.bytes(TaperProgram.referenceDevice), as: UTF8.self))
    let run = plan(model, calibration, ["--speedup", "1.1x", "--search-cache", device])
    run.expectRefused(64, naming: "device.json")
    #expect(TestFile.bytes(device) == TestFile.bytes(TaperProgram.referenceDevice))
    let folder = plan(model, calibration, ["--speedup", "1.1x", "--search-cache", taper.folder.path])
    folder.expectRefused(65, naming: taper.folder.path)
  }

  @Test func precisionsAreTriedWhenAskedFor() throws {
    let model = "tuned-acc-halting"
    let calibration = try calibration(model, taper.words(labels: ["a", "b", "c"]))
    let run = plan(model, calibration, ["--speedup", "1.1x", "--precision", "auto", "--json"])
    try #require(run.exitCode == 0, "\(run.errors)")
    let summary = try JSONValue.parse(Array(run.output.utf8))
    let precisions = Set(summary["trials"]?.array?.compactMap { $0["precision"]?.string } ?? [])
    #expect(precisions.isSuperset(of: ["f32", "bf16", "int8"]), "\(precisions)")
    #expect(summary["precision"] == summary["trials"]?[0]?["precision"])
  }
}
