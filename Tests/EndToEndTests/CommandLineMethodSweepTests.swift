import TaperJSON
import TaperPlanFormat
import TaperPlanRuntime
import TestSupport
import Testing

/// `taper sweep` over methods that were trained: selectors, halting, both, and the search among them.
@Suite struct CommandLineMethodSweepTests {
  let taper = TaperProgram()

  private func sweep(_ model: String, _ arguments: String..., into folder: String = "plans") throws
    -> JSONValue
  {
    let texts = taper.words(labels: ["a", "b", "c"])
    let calibrated = taper("calibrate", TaperProgram.model(model), "--data", texts, "-o", taper.path(model))
    try #require(calibrated.exitCode == 0, "\(calibrated.errors)")
    let run = ChildProcess.run(
      taper.program,
      [
        "sweep", TaperProgram.model(model), "--device", TaperProgram.referenceDevice, "--calibration",
        taper.path(model), "--threads", "1", "-o", taper.path(folder), "--json",
      ] + arguments)
    try #require(run.exitCode == 0, "\(run.errors)")
    return try JSONValue.parse(Array(run.output.utf8))
  }

  /// One weights file under all plans; every one runs, and reaches its speedup in the worst case.
  private func check(_ report: JSONValue, methods: [String]) throws {
    let plans = try #require(report["plans"]?.array)
    let names = plans.compactMap { $0["plan"]?.string }
    let weights = try #require(report["weights"]?.string)
    #expect(TemporaryDirectory.entries(taper.path("plans")) == (names + [weights]).sorted())
    let swept = Set(plans.compactMap { $0["method"]?.string })
    #expect(swept.isSuperset(of: methods), "\(names)")
    for plan in plans.dropFirst() {
      let name = try #require(plan["plan"]?.string)
      let requested = try #require(Double(name.split(separator: "-").last!.dropLast("x.plan".count)))
      #expect((plan["predicted_speedup"]?.double ?? 0) >= requested || requested == 1, "\(name)")
      #expect((plan["expected_ns"]?.int ?? .max) <= (plan["predicted_ns"]?.int ?? 0), "\(name)")
      #expect(plan["mean_speedup"]?.double != nil && plan["accuracy"]?.double != nil, "\(name)")
      #expect(taper("verify", taper.path("plans/\(name)")).exitCode == 0, "\(name)")
    }
  }

  @Test func haltingWithAndWithoutDroppedTokens() throws {
    let report = try sweep(
      "tuned-acc-halting", "--methods", "halting,acc,acc+halting", "--speedups", "1.2,1.4", "--halting-rule",
      "authors")
    try check(report, methods: ["dense", "halting", "acc+halting", "acc"])
    // The plan without a cap is there: no faster in the worst case, and its labels are those of all layers.
    let uncapped = try #require(report["plans"]?.array?.first { $0["plan"] == "halting-1x.plan" })
    #expect(uncapped["accuracy"]?.double == 1 && uncapped["layers"] == 4)
    #expect((uncapped["expected_ns"]?.int ?? .max) < (uncapped["predicted_ns"]?.int ?? 0))
    #expect(try LoadedPlan(path: taper.path("plans/halting-1x.plan")).plan.haltingRule == .authors)
  }

  @Test(arguments: ["dynamic", "static"]) func selectors(selection: String) throws {
    let report = try sweep(
      "tuned-selector", "--methods", "selector", "--speedups", "1.1,1.3", "--in-work", "--selection",
      selection)
    let plans = try #require(report["plans"]?.array)
    #expect(plans.count > 1 && plans.dropFirst().allSatisfy { ($0["work_speedup"]?.double ?? 0) >= 1.1 })
    let name = try #require(plans.last?["plan"]?.string)
    let kinds = try LoadedPlan(path: taper.path("plans/\(name)")).plan.ops.map(\.kind)
    #expect(kinds.contains(.selectAbove) == (selection == "dynamic"))
    // On one weights file, but each of its own.
    #expect(try taper.json("explain", taper.path("plans/\(name)"))["selectors"]?.array?.isEmpty == false)
    #expect(try taper.json("explain", taper.path("plans/dense.plan"))["selectors"] == [])
  }

  /// Everything at once, refitted where heads may be, judged on test texts and timed.
  @Test func selectorsHaltingAndSearch() throws {
    let labelled = taper.words("labelled.jsonl", labels: ["a", "b", "c"], count: 80)
    let arguments = ["--methods", "selector+halting,search", "--speedups", "1.15", "--refit-head", labelled]
    let report = try sweep(
      "tuned-selector-halting", arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
      arguments[5], "--test", labelled, "--runs", "3", "--search-cache", taper.path("trials.jsonl"))
    try check(report, methods: ["dense", "selector+halting", "search"])
    #expect(report["evidence"] == "test")
    #expect(report["plans"]?.array?.allSatisfy { ($0["mean_ns"]?.int ?? 0) > 0 } == true)
    let trials = TestFile.bytes(taper.path("trials.jsonl"))
    #expect(!trials.isEmpty)
    // A second sweep asks nothing that the cache knows.
    _ = try sweep(
      "tuned-selector-halting", arguments[0], "search", arguments[2], arguments[3], arguments[4],
      arguments[5], "--search-cache", taper.path("trials.jsonl"), into: "again")
    #expect(TestFile.bytes(taper.path("trials.jsonl")) == trials)
  }
}
