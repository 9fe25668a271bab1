import Glibc
import TaperJSON
import TestSupport
import Testing

/// `taper` as a program: what plans are made, and what is refused with which exit code.
@Suite struct CommandLinePlanTests {
  let taper = TaperProgram()
  let model = TaperProgram.model("tiny-bert-old-names")
  let device = TaperProgram.referenceDevice

  private func summary(_ target: [String], _ calibration: String) throws -> JSONValue {
    let run = ChildProcess.run(
      taper.program,
      ["plan", model, "--device", device, "--calibration", calibration, "--threads", "1", "--json"] + target
        + ["-o", taper.path("a.plan")])
    try #require(run.exitCode == 0, "\(run.errors)")
    let value = try JSONValue.parse(Array(run.output.utf8))
    #expect(
      value.keys.starts(with: ["schema_version", "plan", "method", "precision", "lengths", "arena_bytes"]))
    #expect(value["plan"]?.string == taper.path("a.plan") && TestFile.exists(taper.path("a.plan")))
    for length in value["lengths"]?.array ?? [] {
      #expect(
        length.keys == [
          "tokens", "keep_counts", "predicted_ns", "work_speedup", "time_speedup", "dense_ns", "dense_f32_ns",
          "time_speedup_over_f32",
        ])
      #expect(length["keep_counts"]?.array?.count == 2 && (length["predicted_ns"]?.int ?? 0) > 0)
    }
    return value
  }

  @Test func meetsEachKindOfTarget() throws {
    let calibration = try taper.calibration()
    func longest(_ target: String...) throws -> JSONValue {
      try #require(try summary(target, calibration)["lengths"]?.array?.last)
    }
    let dense = try longest("--dense")
    #expect(dense["tokens"] == 24 && dense["keep_counts"] == [24, 24])
    #expect(dense["work_speedup"] == 1.0 && dense["time_speedup"] == 1.0)
    #expect(dense["dense_ns"] == dense["predicted_ns"] && dense["dense_f32_ns"] == dense["dense_ns"])

    let faster = try longest("--speedup", "1.2x")
    #expect((faster["time_speedup"]?.double ?? 0) >= 1.2)
    let less = try longest("--flops-speedup", "1.5")
    #expect((less["work_speedup"]?.double ?? 0) >= 1.5)
    #expect((less["keep_counts"]?[0]?.int ?? 24) < 24)

    // What the dense plan cannot promise, but a pruned one can.
    let limit = try #require(faster["predicted_ns"]?.int)
    let kept = try summary(["--latency", "\(limit)ns"], calibration)["lengths"]?.array ?? []
    #expect(kept.allSatisfy { ($0["predicted_ns"]?.int ?? .max) <= limit })
    #expect(kept.last?["keep_counts"] != [24, 24])
  }

  /// Without --threads a plan is for the fastest of the counts that the profile measured.
  @Test func theFastestNumberOfThreadsIsTheDefault() throws {
    func plan(_ threads: [String]) throws -> (threads: Int, time: Int) {
      let run = ChildProcess.run(
        taper.program,
        ["plan", model, "--device", device, "--dense", "--json", "-o", taper.path("a.plan")] + threads)
      try #require(run.exitCode == 0, "\(run.errors)")
      let explained = try taper.json("explain", taper.path("a.plan"))
      let summary = try run.json()
      let lengths = summary["lengths"]?.array ?? []
      #expect(summary["threads"] == explained["threads"])
      return (
        try #require(explained["threads"]?.int), lengths.reduce(0) { $0 + ($1["predicted_ns"]?.int ?? 0) }
      )
    }
    let chosen = try plan([])
    let counts = try ["1", "2", "4"].map { try plan(["--threads", $0]) }
    let fastest = try #require(counts.min { $0.time < $1.time })
    #expect(counts[0].time != counts[1].time && chosen == fastest)
    let shown = taper("plan", model, "--device", device, "--dense", "-o", taper.path("a.plan")).output
    #expect(shown.contains("\(chosen.threads) thread") && shown.contains("fastest"), "\(shown)")
  }

  @Test func keepCountsAreKeptInProportion() throws {
    let calibration = try taper.calibration()
    let lengths = try summary(["--keep-counts", "7,3"], calibration)["lengths"]?.array ?? []
    #expect(lengths.last?["keep_counts"] == [7, 3])
    let sixteen = try #require(lengths.first { $0["tokens"] == 16 })
    #expect(sixteen["keep_counts"] == [5, 2])  // ⌈16·7/24⌉, ⌈16·3/24⌉
  }

  @Test(arguments: [["3,7"], ["25,3"], ["7,3", "--dense"], ["7,3,3"]])
  func keepCountsThatCannotBe(words: [String]) throws {
    let run = ChildProcess.run(
      taper.program,
      ["plan", model, "--device", device, "--keep-counts"] + words + ["-o", taper.path("a.plan")])
    run.expectRefused(64)
    #expect(!TestFile.exists(taper.path("a.plan")))
  }

  @Test func sameInputsSameBytes() throws {
    let calibration = try taper.calibration()
    let first = try taper.plan("--flops-speedup", "2x", calibration: calibration, name: "a.plan")
    let second = try taper.plan("--flops-speedup", "2x", calibration: calibration, name: "b.plan")
    #expect(TestFile.bytes(first) == TestFile.bytes(second))
  }

  @Test(arguments: [["--latency", "2us"], ["--speedup", "50x"], ["--flops-speedup", "50x"]])
  func anUnreachableTargetNamesTheBest(target: [String]) throws {
    let calibration = try taper.calibration()
    let output = taper.path("a.plan")
    let run = ChildProcess.run(
      taper.program, ["plan", model, "--device", device, "--calibration", calibration, "-o", output] + target)
    run.expectRefused(2, naming: " µs")
    #expect(!run.errors.contains(/\b0\.0+\b/), "units fit a tiny model: \(run.errors)")
    #expect(
      TemporaryDirectory.entries(taper.folder.path) == ["calibration", "texts.jsonl"], "no file is left")
  }

  @Test func theAccuracyGate() throws {
    let calibration = try taper.calibration()
    let pruned = ["plan", model, "--device", device, "--calibration", calibration, "--flops-speedup", "2.5x"]
    let refused = ChildProcess.run(taper.program, pruned + ["--max-drop", "0%", "-o", taper.path("a.plan")])
    refused.expectRefused(3, naming: "--max-drop")
    #expect(
      TemporaryDirectory.entries(taper.folder.path) == ["calibration", "texts.jsonl"], "no file is left")

    let allowed = ChildProcess.run(
      taper.program, pruned + ["--max-drop", "100%", "--json", "-o", taper.path("a.plan")])
    #expect(allowed.exitCode == 0, "\(allowed.errors)")
    let accuracy = try JSONValue.parse(Array(allowed.output.utf8))["accuracy"]
    #expect(accuracy?["metric"] == "agreement" && accuracy?["count"] == 24)
    #expect((accuracy?["planned"]?.double ?? 1) < 1)

    let dense = taper(
      "plan", model, "--device", device, "--calibration", calibration, "--dense", "--max-drop", "0%", "-o",
      taper.path("dense.plan"))
    #expect(dense.exitCode == 0, "the dense plan differs by rounding only: \(dense.errors)")
  }

  @Test func refitsTheHead() throws {
    let calibration = try taper.calibration()
    let labelled = taper.texts("labelled.jsonl", count: 40)
    let plan = try taper.plan(
      "--flops-speedup", "1.5x", "--refit-head", labelled, "--max-drop", "50%", calibration: calibration)
    let run = taper("run", plan, input: "\"plan of the model 3 for this\"\n")
    #expect(try JSONValue.lines(run.output).first?["label"] == "plans")
  }

  @Test func refusals() throws {
    let calibration = try taper.calibration()
    let output = taper.path("a.plan")
    func code(_ arguments: String...) -> Int32 {
      let run = ChildProcess.run(taper.program, ["plan", model, "-o", output] + arguments)
      #expect(run.output == "" && run.errors != "" && !TestFile.exists(output), "\(arguments)")
      return run.exitCode
    }
    #expect(code("--device", device, "--dense", "--speedup", "2x") == 64)
    #expect(code("--device", device, "--latency", "1ms", "--flops-speedup", "2x") == 64)
    #expect(code("--device", device) == 64)
    #expect(code("--device", device, "--speedup", "2x") == 64, "no calibration")
    #expect(code("--device", device, "--speedup", "0.5x") == 64)
    #expect(code("--device", device, "--latency", "5") == 64, "no unit")
    #expect(code("--device", device, "--dense", "--disable-pass", "no-such-pass") == 64)
    #expect(code("--device", device, "--dense", "--method", "no-such-method") == 64)
    #expect(code("--device", device, "--dense", "--precision", "f8") == 64)
    #expect(code("--device", device, "--dense", "--max-length", "25") == 64)
    #expect(code("--device", taper.folder.write("device.json", "{}"), "--dense") == 65)
    #expect(code("--device", taper.folder.write("other.json", "not JSON"), "--dense") == 65)
    // Renaming a new file to it would have replaced the pipe. (FileSinkTests has devices.)
    let pipe = taper.path("pipe")
    #expect(unsafe mkfifo(pipe, 0o644) == 0)
    for output in [pipe, taper.folder.path] {
      let run = taper("plan", model, "--device", device, "--dense", "-o", output)
      #expect(run.exitCode == 64 && run.output == "", "\(output): \(run.errors)")
    }
    let other = taper(
      "plan", TaperProgram.model("tiny-mpnet"), "--device", device, "--calibration", calibration, "--speedup",
      "1.1x", "-o", output)
    other.expectRefused(65, naming: "calibration")
  }

  /// An accuracy on the texts that a head was fitted to says little of others.
  @Test func trainingTextsAreNamedAsSuch() throws {
    let model = taper.path("fitted")
    let run = taper(
      "fit-head", TaperProgram.model("tiny-bert-old-names"), "--data", taper.texts(), "-o", model)
    try #require(run.exitCode == 0, "\(run.errors)")
    for (name, data) in [("same", taper.texts()), ("other", taper.texts("other.jsonl", count: 30))] {
      let calibrated = taper("calibrate", model, "--data", data, "-o", taper.path(name))
      try #require(calibrated.exitCode == 0, "\(calibrated.errors)")
      let planned = taper(
        "plan", model, "--device", TaperProgram.referenceDevice, "--calibration", taper.path(name), "--dense",
        "-o",
        taper.path("\(name).plan"))
      #expect(
        planned.exitCode == 0 && planned.errors.contains("fitted to") == (name == "same"), "\(planned.errors)"
      )
    }
  }
}
