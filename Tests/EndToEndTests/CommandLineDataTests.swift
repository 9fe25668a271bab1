import TaperBase
import TaperJSON
import TaperModelSpec
import TestSupport
import Testing

/// `taper` as a program: reading models and texts, calibrating and fitting heads.
@Suite struct CommandLineDataTests {
  let taper = TaperProgram()
  let model = TaperProgram.model("tiny-bert-old-names")

  @Test func tokenizes() throws {
    let input = "a plan\n{\"text\":\"a\",\"text_pair\":\"b\"}\n\n"
    let run = taper("tokenize", model, input: input)
    #expect(run.exitCode == 0 && run.errors == "")
    let lines = try JSONValue.lines(run.output)
    #expect(lines.count == 3)
    #expect(lines.allSatisfy { $0.keys == ["ids", "type_ids", "offsets", "schema_version"] })
    #expect(lines[0]["ids"] == [2, 5, 89, 3])
    #expect(lines[0]["offsets"] == [[0, 0], [0, 1], [2, 6], [0, 0]])
    #expect(lines[1]["type_ids"] == [0, 0, 0, 1, 1])
    #expect(lines[2]["ids"] == [2, 3])

    let cut = try JSONValue.lines(taper("tokenize", model, "--max-length", "4", input: "a a a a a").output)
    #expect(cut.first?["ids"] == [2, 5, 5, 3])
    let bad = taper("tokenize", model, input: "fine\n{\"texts\":1}\n")
    #expect(bad.exitCode == 65 && bad.errors.contains("line 2"))
    #expect(try JSONValue.lines(bad.output).count == 1, "the lines before it are answered")
    #expect(taper("tokenize", model, "--max-length", "3").exitCode == 64)
  }

  @Test func calibrates() throws {
    let summary = try taper.json("calibrate", model, "--data", taper.texts(), "-o", taper.path("c"))
    #expect(summary["schema_version"] == 1 && summary["texts"] == 24 && summary["skipped_rows"] == 0)
    #expect(summary["elimination_profile"]?.array?.count == 2)
    let again = try taper.json("calibrate", model, "--data", taper.texts(), "-o", taper.path("d"))
    #expect(again["digest"]?.string?.count == 64)
    #expect(again["digest"] == summary["digest"], "same texts, same calibration")
    #expect(
      TestFile.bytes(taper.path("c/calibration.json")) == TestFile.bytes(taper.path("d/calibration.json")))

    let drawn = try taper.json(
      "calibrate", model, "--data", taper.texts(), "--limit", "5", "--max-length", "8", "-o", taper.path("e"))
    #expect(drawn["texts"] == 5)
    #expect((drawn["tokens"]?.int ?? 99) <= 40)
    // Every text has more than six tokens of its own, so all are cut.
    #expect(drawn["truncated"] == 5 && (summary["truncated"]?.int ?? 24) < 24)
  }

  @Test func aBadRowIsNamedOrSkippedAndCounted() throws {
    let file = taper.folder.write(
      "bad.jsonl", "{\"text\":\"a plan\"}\n{\"text\":\n{\"text\":\"a token\"}\n[]\n")
    let refused = taper("calibrate", model, "--data", file, "-o", taper.path("c"))
    refused.expectRefused(65, naming: "line 2")
    #expect(!TestFile.exists(taper.path("c")))

    let summary = try taper.json("calibrate", model, "--data", file, "--skip-bad", "-o", taper.path("c"))
    #expect(summary["texts"] == 2 && summary["skipped_rows"] == 2)
  }

  @Test func fitsAHeadThatPlansAnswerWith() throws {
    let labelled = taper.texts(count: 40)
    let summary = try taper.json("fit-head", model, "--data", labelled, "-o", taper.path("head"))
    #expect(summary["schema_version"] == 1 && summary["examples"] == 40)
    #expect(summary["labels"] == ["plans", "tokens"])
    #expect((summary["accuracy"]?.double ?? 0) > 0.7, "the two classes share few words")

    #expect(
      TemporaryDirectory.entries(taper.path("head")) == [
        "1_Pooling", "config.json", "model.safetensors", "modules.json", "sentence_bert_config.json",
        "taper_head.json", "taper_head.safetensors", "tokenizer_config.json", "vocab.txt",
      ], "the model's files, and not the fixture's expected.safetensors beside them")

    let plan = try taper.plan("--dense", model: taper.path("head"))
    let input = String(decoding: TestFile.bytes(labelled), as: UTF8.self)
    let answers = try JSONValue.lines(taper("run", plan, input: input).output)
    let wrong = try zip(answers, JSONValue.lines(input)).filter { $0["label"] != $1["label"] }
    #expect(answers.count == 40 && wrong.count <= 2, "\(wrong)")
    #expect(taper("fit-head", model, "--data", taper.texts(), "-o", taper.path("head")).exitCode != 0)
  }

  @Test func aHeadNeedsLabels() throws {
    let file = taper.folder.write(
      "none.jsonl", "{\"text\":\"a plan\",\"label\":\"x\"}\n{\"text\":\"a token\"}\n")
    let run = taper("fit-head", model, "--data", file, "-o", taper.path("head"))
    run.expectRefused(65, naming: "line 2")
    #expect(!TestFile.exists(taper.path("head")))
  }

  /// Weights whose products leave f32's range make no plan, and no crash.
  @Test func aModelWithoutAnswersIsRefused() throws {
    let fixture = TaperProgram.model("tiny-bert-classifier")
    for name in TemporaryDirectory.entries(fixture) where !name.hasPrefix("expected") {
      taper.folder.write("huge/" + name, TestFile.bytes("\(fixture)/\(name)"))
    }
    let folder = taper.path("huge")
    let file = try SafetensorsFile(path: folder + "/model.safetensors")
    let tensor = try #require(file.tensor("bert.encoder.layer.0.intermediate.dense.weight"))
    var bytes = TestFile.bytes(file.path)
    let bits = Float(3e38).bitPattern
    for place in 0..<4 {
      bytes[tensor.range.lowerBound + place] = UInt8(truncatingIfNeeded: bits >> (8 * place))
    }
    taper.folder.write("huge/model.safetensors", bytes)
    let run = taper(
      "plan", folder, "--device", TaperProgram.referenceDevice, "--dense", "-o", taper.path("p"))
    run.expectRefused(65, naming: "canary examples")
    #expect(!TestFile.exists(taper.path("p")))
  }

  @Test func inspectsEveryKind() throws {
    let calibration = try taper.calibration()
    let plan = try taper.plan("--dense")
    for (path, kind) in [
      (model, "model"), (TaperProgram.referenceDevice, "device profile"), (calibration, "calibration"),
      (plan, "plan"),
    ] {
      let facts = try taper.json("inspect", path)
      for key in ["threads", "texts", "maximum_length", "ops", "arena_bytes", "weights_bytes", "entries"] {
        #expect(facts[key]?.string == nil, "\(key) is a number, or numbers")
      }
      #expect(facts["schema_version"] == 1 && facts["kind"]?.string == kind)
      let shown = taper("inspect", path)
      #expect(shown.exitCode == 0 && shown.errors == "")
      #expect(facts.keys.dropFirst().allSatisfy { shown.output.contains($0) })
    }
    #expect(taper("inspect", taper.folder.write("x", "neither")).exitCode == 65)
    #expect(taper("inspect", taper.folder.write("empty", "")).exitCode == 65)
  }

  @Test func usage() {
    for arguments in [
      ["--unknown"], ["unknown"], ["plan"], ["run"], ["inspect"], ["bench", "a", "--runs", "x"],
    ] {
      let run = ChildProcess.run(taper.program, arguments)
      #expect(run.exitCode == 64 && run.output == "", "\(arguments)")
    }
    #expect(taper("--help").exitCode == 0)
    for (command, values) in [
      ("bench", ["200", "15%"]), ("audit", ["100", "5%"]), ("race", ["5", "15%"]), ("doctor", ["10%"]),
      ("kernels", ["4"]), ("sweep", ["acc"]), ("calibrate", ["512"]),
    ] {
      let help = taper(command, "--help").output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      let defaults = Set(help.matches(of: /\(default: ([^);,]+)/).map { String($0.output.1) })
      #expect(defaults.isSuperset(of: values), "\(command): \(defaults)")
    }
    #expect(taper("--version").output == TaperVersion.current + "\n")
  }
}
