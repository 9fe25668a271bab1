import Foundation
import TaperJSON
import TestSupport
import Testing

/// `taper` as a program on models that halt: planned with their calibration, explained, run, audited.
@Suite struct CommandLineHaltingTests {
  let taper = TaperProgram()

  private func texts() -> String { taper.words(labels: ["a", "b", "c"]) }

  private func calibration(_ model: String) throws -> String {
    let run = taper("calibrate", TaperProgram.model(model), "--data", texts(), "-o", taper.path(model))
    try #require(run.exitCode == 0, "\(run.errors)")
    return taper.path(model)
  }

  /// A model that does not say it was trained with dropped tokens in the mean: its heads read what answers better.
  @Test func droppedTokensComeBackWhereThatAnswersBetter() throws {
    let model = taper.path("free")
    try FileManager.default.copyItem(atPath: TaperProgram.model("tuned-acc-halting"), toPath: model)
    let config = try String(contentsOfFile: model + "/config.json", encoding: .utf8)
    try config.replacing("\"restores_dropped_tokens\": true", with: "\"restores_dropped_tokens\": false")
      .write(toFile: model + "/config.json", atomically: true, encoding: .utf8)
    let calibrated = taper("calibrate", model, "--data", texts(), "-o", taper.path("free.calibration"))
    try #require(calibrated.exitCode == 0, "\(calibrated.errors)")
    let calibration = taper.path("free.calibration")
    func plan(_ restore: [String], _ model: String, calibrated calibration: String) throws
      -> (
        restores: Bool?, summary: JSONValue
      )
    {
      let made = ChildProcess.run(
        taper.program,
        [
          "plan", model, "--device", TaperProgram.referenceDevice, "--calibration",
          calibration, "--method", "acc+halting", "--flops-speedup", "1.5x", "-o", taper.path("a.plan"),
          "--json",
        ] + restore)
      try #require(made.exitCode == 0, "\(made.errors)")
      let explained = try taper.json("explain", taper.path("a.plan"))
      return (explained["restores_dropped_tokens"]?.bool, try JSONValue.parse(Array(made.output.utf8)))
    }
    let (always, never) = (
      try plan(["--read-out", "restored"], model, calibrated: calibration),
      try plan(["--read-out", "kept"], model, calibrated: calibration)
    )
    #expect(always.restores == true && never.restores == false)
    #expect(always.summary["candidates"] == nil && never.summary["candidates"] == nil)

    let (restores, summary) = try plan([], model, calibrated: calibration)
    let candidates = try #require(summary["candidates"]?.array)
    #expect(candidates.map { $0["name"] } == ["all tokens' last states", "kept tokens' states"])
    let taken = try #require(candidates.firstIndex { $0["taken"] == true })
    #expect(restores == (taken == 0) && (candidates[1 - taken]["lost"]?.double ?? -1) >= 0)
    // What is said of the chosen one is the figure of the plan made that way on purpose.
    let same = taken == 0 ? always.summary : never.summary
    #expect(summary["accuracy"] == same["accuracy"] && summary["lengths"] == same["lengths"])

    // Trained with dropped tokens in the mean: nothing to choose.
    let trained = try self.calibration("tuned-acc-halting")
    let bound = try plan([], TaperProgram.model("tuned-acc-halting"), calibrated: trained)
    #expect(bound.summary["candidates"] == nil && bound.restores == true)
  }

  @Test(arguments: [
    ("tuned-halting", "halting"), ("tuned-acc-halting", "acc+halting"),
    ("tuned-selector-halting", "selector+halting"),
  ])
  func fromTextsToDepths(model: String, method: String) throws {
    let isReduced = method != "halting"
    let target = ["--method", method] + (isReduced ? ["--flops-speedup", "1.3x"] : ["--dense"])
    let calibration = try calibration(model)
    let plan = taper.path("halting.plan")
    let made = ChildProcess.run(
      taper.program,
      [
        "plan", TaperProgram.model(model), "--device", TaperProgram.referenceDevice, "--calibration",
        calibration,
      ]
        + target + ["-o", plan, "--json"])
    try #require(made.exitCode == 0, "\(made.errors)")
    let summary = try JSONValue.parse(Array(made.output.utf8))
    #expect(summary["method"]?.string == method)
    let halting = try #require(summary["halting"])
    #expect(halting.keys == ["rule", "points", "cap", "layers", "worst_ns", "depth_ns", "expected"])
    #expect(halting["rule"] == "tight" && halting["points"] == [1, 2, 3] && halting["cap"] == 4)
    let expected = try #require(halting["expected"])
    let histogram = (expected["histogram"]?.array ?? []).compactMap(\.int)
    #expect(histogram.count == 4 && histogram.reduce(0, +) == expected["texts"]?.int)
    #expect((expected["p99_ns"]?.int ?? .max) <= (halting["worst_ns"]?.int ?? 0))
    #expect(try taper.json("explain", plan)["halting"] == halting)

    // The calibration's texts, run, end where the plan says they did.
    let answers = try JSONValue.lines(taper("run", plan, "--input", texts()).output)
    var depths = [0, 0, 0, 0]
    for answer in answers { depths[(answer["depth"]?.int ?? 1) - 1] += 1 }
    #expect(depths == histogram && depths.count { $0 > 0 } > 1)

    let audit = taper("audit", plan, "--data", texts(), "--runs", "5", "--threads", "1", "--json")
    let report = try JSONValue.parse(Array(audit.output.utf8))
    let measured = try #require(report["halting"]?["measured"])
    #expect(measured["histogram"] == expected["histogram"] && measured["mean_depth"] != nil)
    #expect(report["halting"]?["expected"]?["histogram"] == expected["histogram"])
    // At their own lengths and depths the calibration's texts have the plan's own expectation; counts that selectors left
    // lie between those the plan's ops are predicted at.
    let predicted = try #require(report["halting"]?["predicted"]?["mean_ns"]?.double)
    let mean = try #require(expected["mean_ns"]?.double)
    #expect(method == "selector+halting" ? abs(predicted / mean - 1) < 0.2 : predicted == mean)
    #expect(report["halting"]?["changed_labels"] == 0)
    #expect(taper("verify", plan).exitCode == 0)
    let bench = try taper.json("bench", plan, "--lengths", "16", "--runs", "3", "--noise", "100000%")
    #expect(bench["lengths"]?.array?.count == 1)
  }

  @Test func capsAndRules() throws {
    let plan = try taper.plan(
      "--method", "halting", "--dense", "--depth", "2", "--halting-rule", "authors", model: "tuned-halting")
    let halting = try #require(try taper.json("explain", plan)["halting"])
    #expect(halting["rule"] == "authors" && halting["cap"] == 2 && halting["layers"] == 4)
    #expect(halting["expected"] == .null, "planned without a calibration")
    for answer in try JSONValue.lines(taper("run", plan, "--input", texts()).output) {
      #expect([1, 2].contains(answer["depth"]?.int))
    }
  }

  @Test func racedOnTextsAsTheyAre() throws {
    let dense = try taper.plan("--dense", model: "tuned-halting", name: "dense.plan")
    let halting = try taper.plan("--method", "halting", "--dense", model: "tuned-halting")
    let race = try JSONValue.parse(
      Array(taper("race", dense, halting, "--data", texts(), "--rounds", "3", "--json").output.utf8))
    let tokens = try #require(race["tokens"]?.array)
    let plans = try #require(race["plans"]?.array)
    #expect(plans.map { $0["plan"]?.string } == [dense, halting] && tokens.count == 60)
    for plan in plans {
      for figures in ["times_ns", "predicted_ns", "depths"] {
        #expect(plan[figures]?.array?.count == tokens.count, "\(figures)")
      }
    }
    #expect(plans[0]["mean_depth"]?.double == 4)
    let answers = try JSONValue.lines(taper("run", halting, "--input", texts()).output)
    #expect(plans[1]["depths"]?.array == answers.compactMap { $0["depth"] })
    #expect(answers.compactMap { $0["tokens"] } == tokens)
    // Fewer layers are less work and, halting points and all, less predicted time.
    let work = plans.compactMap { $0["work_flops"]?.double }
    #expect(work.count == 2 && work[1] < 0.9 * work[0])
    let predicted = plans.map { ($0["predicted_ns"]?.array ?? []).compactMap(\.int) }
    let depths = (plans[1]["depths"]?.array ?? []).compactMap(\.int)
    for (text, depth) in depths.enumerated() where depth <= 2 {
      #expect(predicted[1][text] < predicted[0][text])
    }
    let steady = taper("race", dense, halting, "--data", texts(), "--rounds", "1", "--noise", "100000%")
    #expect(steady.exitCode == 0 && steady.output.contains("steady") && steady.errors == "")
    // No two probes take the same time to the nanosecond.
    let noisy = taper("race", dense, halting, "--data", texts(), "--rounds", "1", "--noise", "0%")
    #expect(noisy.exitCode == 69 && noisy.output.contains("too noisy to judge") && noisy.errors == "")
    let other = try taper.plan("--dense", name: "other.plan")
    #expect(taper("race", dense, other, "--data", texts()).exitCode == 64)
  }

  @Test func whatIsRefused() {
    func exit(_ model: String, _ arguments: String...) -> Int32 {
      ChildProcess.run(
        taper.program,
        [
          "plan", TaperProgram.model(model), "--device", TaperProgram.referenceDevice, "-o",
          taper.path("x.plan"),
        ]
          + arguments
      ).exitCode
    }
    #expect(exit("tuned-halting", "--method", "halting", "--dense", "--halting-rule", "loose") == 64)
    #expect(exit("tuned-halting", "--dense", "--halting-rule", "authors") == 64)
    #expect(exit("tuned-halting", "--dense", "--halting-rule", "tight") == 64)
    #expect(exit("tuned-halting", "--method", "halting", "--latency", "1s", "--read-out", "restored") == 64)
    #expect(exit("tuned-halting", "--method", "halting", "--latency", "1ns") == 2)
    #expect(exit("tuned-halting", "--method", "halting", "--dense", "--refit-head", texts()) == 64)
    #expect(exit("tuned-selector", "--method", "halting", "--dense") != 0)
    #expect(exit("tiny-bert-classifier", "--method", "acc+halting", "--speedup", "1.1x") != 0)
  }
}
