import Foundation
import TaperJSON
import TestSupport
import Testing

/// `taper plan --method lexical` and `--read-out`.
@Suite struct CommandLineLexicalTests {
  let taper = TaperProgram()

  private func plan(_ model: String, _ options: [String]) -> ChildProcess {
    ChildProcess.run(
      taper.program,
      [
        "plan", TaperProgram.model(model), "--device", TaperProgram.referenceDevice, "-o",
        taper.path("a.plan"),
        "--max-length", "16",
      ] + options)
  }

  private func calibrated(_ model: String, labels: [String], count: Int = 60) throws -> String {
    let texts = taper.words(labels: labels, count: count)
    let run = taper(
      "calibrate", TaperProgram.model(model), "--data", texts, "-o", taper.path("calibration"), "--no-labels",
      "--max-length", "16")
    try #require(run.exitCode == 0, "\(run.errors)")
    return taper.path("calibration")
  }

  /// The same texts give the same plan; it is verified, says what it does, and the lean runner agrees.
  @Test func plansRunsAndExplains() throws {
    let calibration = try calibrated("tiny-mpnet", labels: ["a"])
    let options = [
      "--calibration", calibration, "--method", "lexical", "--flops-speedup", "2x", "--read-out", "lens",
    ]
    let run = plan("tiny-mpnet", options)
    try #require(run.exitCode == 0, "\(run.errors)")
    let bytes = try Data(contentsOf: URL(filePath: taper.path("a.plan")))
    #expect(plan("tiny-mpnet", options).exitCode == 0)
    #expect(try Data(contentsOf: URL(filePath: taper.path("a.plan"))) == bytes)

    #expect(taper("verify", taper.path("a.plan")).exitCode == 0)
    let explained = try taper.json("explain", taper.path("a.plan"))
    #expect(explained["method"] == "lexical" && explained["restores_dropped_tokens"] == true)
    let text = taper("explain", taper.path("a.plan")).output
    #expect(text.contains("before layer 1, by a score of each word"))
    #expect(text.contains("dropped tokens through a lens") && text.contains("scores of words"))

    let input = taper.words("input.jsonl", labels: ["a"], count: 5)
    let answers = taper("run", taper.path("a.plan"), "--input", input)
    try #require(answers.exitCode == 0, "\(answers.errors)")
    let lean = ChildProcess.run(
      ChildProcess.product("taper-run"), [taper.path("a.plan")],
      input: try String(contentsOfFile: input, encoding: .utf8))
    #expect(lean.exitCode == 0 && lean.output == answers.output)
  }

  /// A model of `tune lexical` brings its scores and reads the words that it was trained with; of a calibration too few
  /// texts to fit scores to are enough.
  @Test func aTrainedModelBringsItsScores() throws {
    func planned(_ model: String) throws -> ChildProcess {
      let calibration = try calibrated(model, labels: ["a"], count: 12)
      let options = ["--calibration", calibration, "--method", "lexical", "--flops-speedup", "1.5x"]
      return plan(model, options + ["--beyond-calibration"])
    }
    let run = try planned("tuned-lexical")
    try #require(run.exitCode == 0, "\(run.errors)")
    let explained = try taper.json("explain", taper.path("a.plan"))
    #expect(explained["method"] == "lexical" && explained["restores_dropped_tokens"] == false)
    try FileManager.default.removeItem(atPath: taper.path("calibration"))
    #expect(try planned("tiny-mpnet").exitCode != 0)
    let inspected = taper("inspect", TaperProgram.model("tuned-lexical")).output
    #expect(inspected.contains("words chosen before layer 1: 50.0% of 20 tokens"), "\(inspected)")
  }

  /// However much is dropped, a text's answer depends on its words.
  @Test func shortTextsKeepTheirWords() throws {
    let calibration = try calibrated("tiny-mpnet", labels: ["a"])
    let run = plan(
      "tiny-mpnet",
      [
        "--calibration", calibration, "--method", "lexical", "--flops-speedup", "1.8x", "--read-out", "kept",
        "--json",
      ])
    try #require(run.exitCode == 0, "\(run.errors)")
    let explained = try taper.json("explain", taper.path("a.plan"))
    let counts = explained["lengths"]?.array?.compactMap { $0["keep_counts"]?.array?.last?.int } ?? []
    #expect(!counts.isEmpty && counts.allSatisfy { $0 >= 8 }, "\(counts)")
    let lines = #"{"text":"alpha beta"}"# + "\n" + #"{"text":"red green"}"# + "\n"
    let answers = ChildProcess.run(taper.program, ["run", taper.path("a.plan")], input: lines).output
      .split(separator: "\n").map { $0.drop { $0 != "[" } }
    #expect(answers.count == 2 && answers[0] != answers[1])
  }

  @Test(arguments: ["lens", "restored", "kept"])
  func readOutsOfEveryMethod(readOut: String) throws {
    let calibration = try calibrated("tiny-mpnet", labels: ["a"])
    for method in ["lexical", "acc"] {
      let run = plan(
        "tiny-mpnet",
        [
          "--calibration", calibration, "--method", method, "--read-out", readOut, "--flops-speedup", "2x",
        ])
      try #require(run.exitCode == 0, "\(run.errors)")
      let explained = try taper.json("explain", taper.path("a.plan"))
      #expect(explained["restores_dropped_tokens"] == .bool(readOut != "kept"))
      #expect(explained["request"]?.string?.contains("--read-out \(readOut)") == true)
      let text = taper("explain", taper.path("a.plan")).output
      #expect(text.contains("through a lens") == (readOut == "lens"))
    }
  }

  /// An embedding is planned in all three ways, and the best on texts set apart is taken.
  @Test func autoTriesAllThree() throws {
    let calibration = try calibrated("tiny-mpnet", labels: ["a"])
    for method in ["lexical", "acc"] {
      let run = plan(
        "tiny-mpnet",
        ["--calibration", calibration, "--method", method, "--flops-speedup", "2x", "--json"])
      try #require(run.exitCode == 0, "\(run.errors)")
      let candidates = try JSONValue.parse(Array(run.output.utf8))["candidates"]?.array ?? []
      #expect(
        candidates.map { $0["name"] } == [
          "all tokens' last states", "kept tokens' states", "dropped tokens through a lens",
        ])
      #expect(candidates.count { $0["taken"] == true } == 1)
    }
  }

  /// Of a plan whose head is fitted, word scores are fitted to what the head is; it reads the kept words.
  @Test func refitsAHead() throws {
    let calibration = try calibrated("tiny-mpnet", labels: ["a"])
    let labelled = taper.words("labelled.jsonl", labels: ["a", "b"], count: 60)
    let run = plan(
      "tiny-mpnet",
      [
        "--calibration", calibration, "--method", "lexical", "--flops-speedup", "1.5x", "--refit-head",
        labelled,
        "--json",
      ])
    try #require(run.exitCode == 0, "\(run.errors)")
    #expect(try JSONValue.parse(Array(run.output.utf8))["method"] == "lexical")
    #expect(try taper.json("explain", taper.path("a.plan"))["restores_dropped_tokens"] == false)
  }

  @Test func refusals() throws {
    let few = try calibrated("tiny-mpnet", labels: ["a"], count: 12)
    let lexical = ["--method", "lexical", "--flops-speedup", "2x"]
    let starved = plan("tiny-mpnet", ["--calibration", few] + lexical)
    #expect(starved.exitCode == 65 && starved.errors.contains("--method lexical: expected at least 20 texts"))
    #expect(starved.errors.contains("found 8"), "two in three of twelve")
    let bare = plan("tiny-mpnet", lexical)
    #expect(bare.exitCode == 64 && bare.errors.contains("calibration"))
    let dense = plan("tiny-mpnet", ["--method", "lexical", "--dense"])
    #expect(dense.exitCode == 64 && dense.errors.contains("--method lexical: expected a target"))
  }

  @Test func refusesWhatHasNoMeanOrVector() throws {
    let calibration = try calibrated("tiny-bert-tokens", labels: ["a"])
    let tokens = plan(
      "tiny-bert-tokens", ["--calibration", calibration, "--method", "lexical", "--flops-speedup", "2x"])
    #expect(
      tokens.exitCode == 64 && tokens.errors.contains("expected a model that makes one vector of a text"))
    let lens = plan(
      "tiny-bert-tokens", ["--calibration", calibration, "--read-out", "lens", "--flops-speedup", "2x"])
    #expect(
      lens.exitCode == 64 && lens.errors.contains("--read-out lens: expected a head that reads the mean"))
  }

  /// Where every token is kept, none is left to read.
  @Test(arguments: [
    ["--dense"], ["--dense", "--method", "lexical"], ["--method", "depth", "--flops-speedup", "2x"],
    ["--method", "halting", "--latency", "1s"],
  ])
  func readOutsOfNothing(request: [String]) {
    for readOut in ["lens", "restored", "kept"] {
      plan("tiny-bert-tokens", request + ["--read-out", readOut])
        .expectRefused(64, naming: "--read-out", "drops tokens", "leave it out")
    }
  }
}
