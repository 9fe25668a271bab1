import TestSupport
import Testing

/// `taper` as a program: what is named wrongly ends with 64 and says what was expected, whatever the command.
@Suite struct CommandLineInputTests {
  let taper = TaperProgram()
  let model = TaperProgram.model("tiny-bert-old-names")
  let device = TaperProgram.referenceDevice

  private func refused(
    _ arguments: [String], naming facts: String..., location: SourceLocation = #_sourceLocation
  ) {
    ChildProcess.run(taper.program, arguments).expectRefused(64, naming: facts, location: location)
  }

  @Test func whatIsNotThere() throws {
    let (none, output, data) = (taper.path("none"), taper.path("out"), taper.texts())
    let plan = try taper.plan("--dense")
    let planning = ["plan", model, "--dense", "-o", output]
    let wanted: [([String], String)] = [
      (["calibrate", none, "--data", data, "-o", output], "model"),
      (["calibrate", model, "--data", none, "-o", output], "texts"),
      (["fit-head", none, "--data", data, "-o", output], "model"),
      (["fit-head", model, "--data", none, "-o", output], "texts"),
      (["plan", none, "--device", device, "--dense", "-o", output], "model"),
      (planning + ["--device", none], "taper profile"),
      (planning + ["--device", device, "--calibration", none], "taper calibrate"),
      (planning + ["--device", device, "--refit-head", none], "texts"),
      (["profile", "--model", none, "-o", output], "model"),
      (["tokenize", none], "model"),
      (["inspect", none], "plan"),
      (["audit", plan, "--data", none], "texts"),
      (["audit", none, "--data", data], "taper plan"),
      (["audit", plan, "--data", data, "--reference", none], "taper plan"),
      (["run", plan, "--input", none], "texts"),
    ]
    for (arguments, expected) in wanted { refused(arguments, naming: none, expected) }
    for verb in ["run", "explain", "verify", "bench"] { refused([verb, none], naming: none, "taper plan") }
    #expect(!TestFile.exists(output))
  }

  @Test func directoriesForFilesAndFilesForDirectories() {
    let (output, data) = (taper.path("out"), taper.texts())
    refused(["calibrate", data, "--data", data, "-o", output], naming: data, "model directory")
    refused(["calibrate", model, "--data", model, "-o", output], naming: model, "texts")
    refused(["plan", model, "--device", model, "--dense", "-o", output], naming: model, "device profile")
    refused(["explain", model], naming: model, "plan")
  }

  /// There, but not what it should hold.
  @Test func badContentIsNotUsage() {
    let data = taper.texts()
    taper.folder.write("empty/readme", "no model")
    let wrong = taper.folder.write("wrong.json", "{}")
    for arguments in [
      ["calibrate", taper.path("empty"), "--data", data, "-o", taper.path("c")],
      ["plan", model, "--device", wrong, "--dense", "-o", taper.path("p")],
      [
        "plan", model, "--device", device, "--dense", "--calibration", taper.path("empty"), "-o",
        taper.path("p"),
      ],
      ["explain", wrong],
    ] {
      let run = ChildProcess.run(taper.program, arguments)
      #expect(run.exitCode == 65 && run.errors != "", "\(arguments): \(run.errors)")
    }
  }

  @Test(arguments: ["0", "-1", "x", "1.5", "99999999999999999999"])
  func countsThatAreNone(count: String) {
    let (output, data) = (taper.path("out"), taper.texts())
    let commands: [([String], [String])] = [
      (
        ["calibrate", model, "--data", data, "-o", output],
        ["--threads", "--limit", "--max-length"]
      ),
      (["fit-head", model, "--data", data, "-o", output], ["--threads", "--limit", "--max-length"]),
      (
        ["plan", model, "--device", device, "--dense", "-o", output],
        ["--threads", "--refit-limit", "--max-length"]
      ),
      (["profile", "-o", output], ["--threads", "--budget"]),
      (["bench", "a.plan"], ["--threads", "--runs"]),
      (["audit", "a.plan", "--data", data], ["--threads", "--runs", "--limit"]),
      (["run", "a.plan"], ["--threads", "--top-k"]),
      (["tokenize", model], ["--max-length"]),
    ]
    for (command, options) in commands {
      for option in options {
        refused(command + [option, count], naming: option, count)
      }
    }
    #expect(!TestFile.exists(output))
  }

  @Test func otherValues() {
    let planning = ["plan", model, "--device", device, "-o", taper.path("out")]
    refused(planning + ["--latency", "-5ms"], naming: "--latency")
    refused(planning + ["--dense", "--max-drop", "-1%"], naming: "--max-drop")
    refused(planning + ["--dense", "--max-drop", "200%"], naming: "--max-drop", "200%", "at most 100%")
    refused(
      ["sweep", model, "--device", device, "--max-drop", "100.5%", "-o", taper.path("out")],
      naming: "--max-drop", "100.5%", "at most 100%")
    refused(planning + ["--dense", "--decay", "fast"], naming: "--decay", "fast")
    refused(["bench", "a.plan", "--lengths", "16,,32"], naming: "--lengths", "16,,32")
    refused(["bench", "a.plan", "--lengths", "0"], naming: "--lengths")
  }

  /// A model whose own files allow less than the shortest plan.
  @Test func aModelOfThreeTokensIsRefused() throws {
    let model = taper.path("short")
    let copy = ChildProcess.run("/bin/cp", ["-rL", TaperProgram.model("tiny-bert-old-names"), model])
    try #require(copy.exitCode == 0)
    taper.folder.write("short/sentence_bert_config.json", #"{"max_seq_length": 3}"#)
    taper(
      "plan", model, "--dense", "--device", TaperProgram.referenceDevice, "-o", taper.path("short.plan")
    ).expectRefused(64, naming: "at least 4 tokens")
  }
}
