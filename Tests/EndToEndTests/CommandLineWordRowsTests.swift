import TaperJSON
import TestSupport
import Testing

/// `taper` as a program on plans of no layers.
@Suite struct CommandLineWordRowsTests {
  let taper = TaperProgram()

  @Test func aClassifierIsFittedExplainedRunAndAudited() throws {
    let labelled = taper.texts("labelled.jsonl", count: 60)
    let summary = try taper.json(
      "plan", TaperProgram.model("tiny-bert-old-names"), "--device", TaperProgram.referenceDevice, "--dense",
      "--depth", "0", "--refit-head", labelled, "--max-drop", "100%", "--threads", "1", "-o",
      taper.path("a.plan"))
    let plan = taper.path("a.plan")
    let longest = try #require(summary["lengths"]?.array?.last)
    #expect(longest["keep_counts"] == [] && longest["work_speedup"] == .null)
    #expect((longest["time_speedup"]?.double ?? 0) > 1)
    #expect(summary["method"] == "depth" && summary["precision"] == "f32")
    #expect(summary["accuracy"]?["planned"] == 1.0, "the classes have words of their own")

    let explained = try taper.json("explain", plan, "--device", TaperProgram.referenceDevice)
    #expect(explained["shape"]?["layers"] == 0 && explained["limits"]?["layers"] == [])
    #expect(
      explained["sections"]?.array?.compactMap { $0["title"]?.string } == ["embeddings", "pooling and head"])

    let input = "\"plan of the model 3 for this\"\n\"token at 7 ! ?\"\n"
    let answers = taper("run", plan, input: input)
    #expect(try JSONValue.lines(answers.output).map { $0["label"] } == ["plans", "tokens"])
    let lean = ChildProcess.run(ChildProcess.product("taper-run"), [plan], input: input)
    #expect(lean.output == answers.output && lean.exitCode == 0, "\(lean.errors)")
    #expect(taper("verify", plan).exitCode == 0)

    let audit = try taper(
      "audit", plan, "--data", labelled, "--runs", "10", "--json", "--html", taper.path("a.html")
    ).json()
    #expect(audit["accuracy"]?["planned"] == 1.0)
    #expect(audit["layers"]?.array?.map { $0["layer"] } == [0, 1])
    let bench = taper("bench", plan, "--runs", "3", "--noise", "100000%")
    #expect(bench.exitCode == 0, "\(bench.errors)")
  }

  @Test func racesAgainstTheEncoder() throws {
    let dense = try taper.plan("--dense", model: "tiny-mpnet", name: "dense.plan")
    let plan = try taper.plan("--dense", "--depth", "0", model: "tiny-mpnet")
    let race = try taper("race", dense, plan, "--data", taper.texts(), "--no-labels", "--json").json()
    let rows = try #require(race["plans"]?.array)
    #expect(rows.map { $0["mean_depth"]?.double } == [2, 0] && rows[1]["work_flops"]?.double == 0, "\(race)")
    let difference = taper("diff", dense, plan)
    #expect(difference.output.contains("layers"), "\(difference.errors)")
  }

  @Test(arguments: [
    (["--dense", "--precision", "int8"], "--precision"), (["--speedup", "2x"], "--method depth"),
    (["--keep-counts", "4,2"], "--method depth"), (["--method", "halting", "--dense"], "--dense"),
  ])
  func refusals(options: [String], remedy: String) {
    let run = ChildProcess.run(
      taper.program,
      ["plan", TaperProgram.model("tiny-mpnet"), "--device", TaperProgram.referenceDevice, "--depth", "0"]
        + options + ["-o", taper.path("a.plan")])
    run.expectRefused(64, naming: "--depth 0", remedy)
    #expect(!TestFile.exists(taper.path("a.plan")))
  }

  @Test func aTrainedHeadIsRefused() {
    for (model, remedy) in [("tiny-bert-classifier", "--refit-head"), ("tiny-splade", "one layer")] {
      let run = taper(
        "plan", TaperProgram.model(model), "--device", TaperProgram.referenceDevice, "--dense", "--depth",
        "0", "-o",
        taper.path("a.plan"))
      run.expectRefused(64, naming: "--depth 0", remedy)
    }
  }

  /// What leaves precisions open has none to choose.
  @Test func openPrecisionsAreF32() throws {
    let calibration = try taper.calibration()
    for options in [["--dense", "--precision", "auto"], ["--method", "depth", "--latency", "1s"]] {
      let run = ChildProcess.run(
        taper.program,
        [
          "plan", TaperProgram.model("tiny-bert-old-names"), "--device", TaperProgram.referenceDevice,
          "--depth", "0",
          "--refit-head", taper.texts("labelled.jsonl", count: 40), "--calibration", calibration, "--json",
          "-o",
          taper.path("a.plan"),
        ] + options)
      #expect(try run.exitCode == 0 && run.json()["precision"] == "f32", "\(run.errors)")
    }
  }
}
