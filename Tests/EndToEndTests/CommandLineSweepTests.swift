import TaperJSON
import TaperPlanFormat
import TaperPlanRuntime
import TestSupport
import Testing

/// `taper sweep` as a program.
@Suite struct CommandLineSweepTests {
  let taper = TaperProgram()

  private func sweep(_ arguments: String..., model: String = "tiny-bert-old-names") -> ChildProcess {
    ChildProcess.run(
      taper.program,
      [
        "sweep", TaperProgram.model(model), "--device", TaperProgram.referenceDevice, "-o",
        taper.path("plans"),
      ]
        + arguments)
  }

  private func entries() -> [String] { TemporaryDirectory.entries(taper.path("plans")) }

  @Test func plansOnOneWeightsFileFromDenseToTheFastest() throws {
    let calibration = try taper.calibration()
    let run = sweep("--calibration", calibration, "--methods", "acc,depth", "--threads", "1", "--json")
    try #require(run.exitCode == 0, "\(run.errors)")
    let report = try JSONValue.parse(Array(run.output.utf8))
    let plans = try #require(report["plans"]?.array)
    let names = plans.compactMap { $0["plan"]?.string }
    #expect(names.first == "dense.plan" && names.count > 3)
    #expect(names.contains { $0.hasPrefix("acc-") } && names.contains { $0.hasPrefix("depth-") })
    let weights = try #require(report["weights"]?.string)
    #expect(entries() == (names + [weights]).sorted())
    #expect(report["evidence"] == "calibration" && report["tokens"] == 24)

    // Requested speedups are reached, in time, and no method is swept twice through one schedule.
    for plan in plans.dropFirst() {
      let name = plan["plan"]?.string ?? ""
      let requested = try #require(Double(name.split(separator: "-")[1].dropLast("x.plan".count)))
      #expect((plan["predicted_speedup"]?.double ?? 0) >= requested, "\(name)")
      #expect(plan["measured_speedup"]?.isNull == true)
    }
    #expect(plans.contains { $0["pareto"] == true })
    for name in names { #expect(taper("verify", taper.path("plans/\(name)")).exitCode == 0, "\(name)") }
    // Alone, a plan for the same speedup answers the same bits.
    let name = try #require(names.first { $0.hasPrefix("acc-") })
    let requested = String(name.split(separator: "-")[1].dropLast(".plan".count))
    let alone = try taper.plan("--speedup", requested, "--threads", "1", calibration: calibration)
    let input = "\"plan of the model\"\n"
    #expect(
      taper("run", alone, input: input).output
        == taper("run", taper.path("plans/\(name)"), input: input).output)
  }

  @Test func headsAreRefittedJudgedAndTimed() throws {
    let calibration = try taper.calibration()
    let texts = taper.texts("train.jsonl", count: 60)
    let run = sweep(
      "--calibration", calibration, "--refit-head", texts, "--test", texts, "--runs", "3", "--speedups",
      "1.2,1.4",
      "--in-work", "--max-drop", "100%", "--svg", taper.path("curve.svg"), "--html", taper.path("sweep.html"))
    try #require(run.exitCode == 0, "\(run.errors)")
    let plans = entries().filter { $0.hasSuffix(".plan") }
    #expect(plans == ["acc-1.2x.plan", "acc-1.4x.plan", "dense.plan"])
    #expect(entries().count == plans.count + 1)

    // Each plan has a head of its own in the file they share.
    let loaded = try plans.map { try LoadedPlan(path: taper.path("plans/\($0)")) }
    for plan in loaded {
      try plan.verifyWeights()
      #expect(plan.plan.head.labels == ["plans", "tokens"])
    }
    #expect(Set(loaded.map(\.plan.weights.digest)).count == 1)
    let heads = loaded.map { $0.plan.ops.last { $0.kind == .gemm }?.weight.rawValue }
    #expect(Set(heads).count == 3)

    let svg = String(decoding: TestFile.bytes(taper.path("curve.svg")), as: UTF8.self)
    let page = String(decoding: TestFile.bytes(taper.path("sweep.html")), as: UTF8.self)
    #expect(svg.hasPrefix("<svg xmlns="))
    for plan in ["dense", "acc-1.2x", "acc-1.4x"] {
      #expect(svg.contains(plan) && page.contains(plan), "\(plan)")
    }
  }

  @Test func heldOutTextsJudgeWhereNoTestIsGiven() throws {
    let run = sweep(
      "--refit-head", taper.texts(count: 60), "--methods", "depth", "--speedups", "1.2", "--json")
    try #require(run.exitCode == 0, "\(run.errors)")
    let report = try JSONValue.parse(Array(run.output.utf8))
    #expect(report["evidence"] == "held-out" && report["metric"] == "accuracy")
    #expect(report["plans"]?[1]?["layers"] == 1 && report["plans"]?[1]?["lost"]?.double != nil)
  }

  @Test func nothingToJudgeByIsNoCurve() throws {
    let run = sweep("--methods", "depth", "--speedups", "1.2", "--svg", taper.path("curve.svg"))
    run.expectRefused(64, naming: "--svg")
    #expect(!TestFile.exists(taper.path("curve.svg")))
    #expect(!TestFile.exists(taper.path("plans")), "refused before anything is planned")
  }

  /// Nothing is worked out for a curve that could not be written.
  @Test func theCurvesFolderIsLookedForFirst() throws {
    let run = sweep(
      "--methods", "depth", "--speedups", "1.2", "--calibration", try taper.calibration(), "--svg",
      taper.path("none/curve.svg"))
    run.expectRefused(65, naming: "none/curve.svg")
    #expect(!TestFile.exists(taper.path("plans")))
  }

  @Test(arguments: [
    (["--search-cache", "a.jsonl"], "--search-cache"), (["--search-minutes", "1"], "--search-minutes"),
    (["--selection", "static"], "--selection"), (["--selection", "dynamic"], "--selection"),
    (["--halting-rule", "authors"], "--halting-rule"), (["--halting-rule", "tight"], "--halting-rule"),
    (["--read-out", "lens"], "--read-out"), (["--read-out", "kept"], "--read-out"),
    (["--search-minutes", "nan"], "--search-minutes"), (["--search-minutes", "1e300"], "--search-minutes"),
  ])
  func optionsThatNoMethodReads(arguments: [String], word: String) {
    let run = ChildProcess.run(
      taper.program,
      [
        "sweep", TaperProgram.model("tiny-bert-old-names"), "--device", TaperProgram.referenceDevice, "-o",
        taper.path("plans"), "--methods", "depth",
      ] + arguments)
    run.expectRefused(64, naming: word)
    #expect(!TestFile.exists(taper.path("plans")))
  }

  @Test(arguments: [
    ["--methods", "guess"], ["--methods", "acc,acc"], ["--speedups", "2,1.5"], ["--speedups", "1"],
    ["--speedups", "x"], ["--runs", "0"], ["--methods", "acc"],
  ])
  func refused(arguments: [String]) {
    let run = ChildProcess.run(
      taper.program,
      [
        "sweep", TaperProgram.model("tiny-bert-old-names"), "--device", TaperProgram.referenceDevice, "-o",
        taper.path("plans"),
      ] + arguments)
    run.expectRefused(64)
    #expect(!TestFile.exists(taper.path("plans")))
  }
}
