import TaperJSON
import TestSupport
import Testing

/// `taper` as a program: other metrics than accuracy, from the fitted head to the audit.
@Suite struct CommandLineMetricTests {
  let taper = TaperProgram()
  let model = TaperProgram.model("tiny-bert-old-names")
  let device = TaperProgram.referenceDevice

  /// Pairs that share their words, or do not.
  private func pairs(numbers: Bool = false) -> String {
    let rows = (0..<60).map { index in
      let (text, pair) = (["a plan", "a token"][index % 2], ["a plan", "a token"][index / 2 % 2])
      let label =
        numbers ? "\(Double(index % 2 + index / 2 % 2) + 0.5)" : text == pair ? "\"same\"" : "\"other one\""
      return "{\"text\":\"\(text)\",\"text_pair\":\"\(pair) \(index)\",\"label\":\(label)}\n"
    }
    return taper.folder.write("pairs.jsonl", rows.joined())
  }

  @Test func f1OfPairsFromHeadToAudit() throws {
    let data = pairs()
    let measure = ["--metric", "f1", "--positive", "other one"]
    let fitted = ChildProcess.run(
      taper.program, ["fit-head", model, "--data", data, "-o", taper.path("head"), "--json"] + measure)
    try #require(fitted.exitCode == 0, "\(fitted.errors)")
    let head = try fitted.json()
    #expect(head["positive"] == "other one" && head["f1"]?.double != nil && head["accuracy"]?.double != nil)

    let plan = ChildProcess.run(
      taper.program,
      [
        "plan", taper.path("head"), "--device", device, "--dense", "--refit-head", data, "--max-drop", "0%",
        "--json",
        "-o", taper.path("a.plan"),
      ] + measure)
    try #require(plan.exitCode == 0, "\(plan.errors)")
    let accuracy = try #require(try plan.json()["accuracy"])
    #expect(accuracy["metric"] == "f1" && accuracy["positive"] == "other one")
    #expect(accuracy["planned"] == accuracy["dense"] && accuracy["interval"]?.array?.count == 2)
    let explained = taper("explain", taper.path("a.plan")).output
    #expect(explained.contains("F1 of other one") && explained.contains("--metric f1"))
    #expect(explained.contains("--positive other%20one"))

    // Asked nothing else, an audit measures what the plan states.
    let audit = taper("audit", taper.path("a.plan"), "--data", data, "--runs", "10", "--json")
    let found = try #require(try audit.json()["accuracy"])
    #expect(found["metric"] == "f1" && found["positive"] == "other one" && found["count"] == 60)
    let plain = taper(
      "audit", taper.path("a.plan"), "--data", data, "--runs", "10", "--metric", "accuracy", "--json")
    #expect(try plain.json()["accuracy"]?["metric"] == "accuracy")
  }

  @Test func aFloorByMatthewsCorrelationIsMissed() throws {
    let run = taper(
      "plan", model, "--device", device, "--dense", "--refit-head", pairs(), "--metric", "matthews",
      "--min-accuracy",
      "100%", "-o", taper.path("a.plan"))
    run.expectRefused(3, naming: "matthews of at least 100.00")
  }

  @Test func rankCorrelationOfNumbersAndOfCosines() throws {
    let data = pairs(numbers: true)
    let head = try taper.json(
      "fit-head", model, "--data", data, "-o", taper.path("head"), "--metric", "spearman")
    #expect(head["spearman"]?.double != nil && head["r2"]?.double != nil)
    let calibration = taper("calibrate", taper.path("head"), "--data", data, "-o", taper.path("c"))
    #expect(calibration.exitCode == 0, "\(calibration.errors)")
    let plan = taper(
      "plan", taper.path("head"), "--device", device, "--calibration", taper.path("c"), "--dense", "--metric",
      "spearman", "--json", "-o", taper.path("a.plan"))
    try #require(plan.exitCode == 0, "\(plan.errors)")
    let accuracy = try #require(try plan.json()["accuracy"])
    #expect(accuracy["metric"] == "spearman" && accuracy["count"] == 60)
    #expect(accuracy["planned"] == accuracy["dense"])

    let embedder = try taper.plan("--dense")
    let audit = taper("audit", embedder, "--data", data, "--metric", "spearman", "--runs", "10", "--json")
    let found = try #require(try audit.json()["accuracy"])
    #expect(found["metric"] == "spearman" && found["count"] == 60 && found["planned"]?.double != nil)
  }

  @Test func aSweepIsJudgedByIt() throws {
    let sweep = [
      "sweep", model, "--device", device, "-o", taper.path("plans"), "--methods", "depth", "--speedups",
      "1.2",
      "--metric", "matthews", "--json",
    ]
    ChildProcess.run(taper.program, sweep).expectRefused(
      64, naming: "--metric: expected --test or --refit-head")
    let run = ChildProcess.run(taper.program, sweep + ["--refit-head", pairs()])
    try #require(run.exitCode == 0, "\(run.errors)")
    let report = try run.json()
    #expect(report["evidence"] == "held-out" && report["metric"] == "matthews")
    #expect(
      report["plans"]?[1]?["lost"]?.double != nil && report["plans"]?[1]?["interval"]?.array?.count == 2)
  }

  @Test func whatAHeadDoesNotHaveIsRefused() throws {
    let data = pairs()
    let fit = ["fit-head", model, "--data", data, "-o", taper.path("head")]
    for (options, words) in [
      (["--metric", "spearman"], "--metric: expected accuracy, matthews or f1"),
      (
        ["--metric", "f1", "--positive", "no"],
        "--positive: expected one of the labels other one, same; found no"
      ),
      (["--positive", "same"], "--positive: expected --metric f1"), (["--metric", "r2"], "--metric"),
    ] {
      ChildProcess.run(taper.program, fit + options).expectRefused(64, naming: words)
    }
    taper(
      "plan", model, "--device", device, "--dense", "--metric", "spearman", "-o", taper.path("a.plan")
    ).expectRefused(64, naming: "taper audit and taper sweep --test take spearman")
    #expect(taper("fit-head", model, "--data", data, "-o", taper.path("head")).exitCode == 0)
    taper(
      "plan", taper.path("head"), "--device", device, "--dense", "--metric", "f1", "-o", taper.path("a.plan")
    ).expectRefused(64, naming: "--metric f1: expected texts with right answers")
    let plan = try taper.plan("--dense")
    taper("audit", plan, "--data", taper.texts(), "--metric", "spearman", "--runs", "10")
      .expectRefused(65, naming: "line 1: expected two texts and a number")
  }
}
