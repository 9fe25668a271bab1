import TestSupport
import Testing

/// `taper` as a program: what is named wrongly ends with 64 and says what was expected, whatever the command.
@Suite struct CommandLineInputTests {
  let taper = TaperProgram()
  let model = TaperProgram.model("tiny-bert-old-names")
  let device = TaperProgram.referenceDevice

  private func refused(
    _ arguments: [String], _ parts: String..., location: SourceLocation = #_sourceLocation
  ) {
    let run = ChildProcess.run(taper.program, arguments)
    #expect(run.exitCode == 64 && run.output == "", "\(arguments): \(run.errors)", sourceLocation: location)
    for part in parts {
      #expect(run.errors.contains(part), "\(arguments): \(run.errors)", sourceLocation: location)
    }
  }

  @Test func whatIsNotThere() throws {
    let (none, output, data) = (taper.path("none"), taper.path("out"), taper.texts())
    let plan = try taper.plan("--dense")
    let planning = ["plan", model, "--dense", "-o", output]
    let wanted: [([String], String)] = [
      (["calibrate", none, "--data", data, "-o", output], "a model directory"),
      (["calibrate", model, "--data", none, "-o", output], "a file of texts"),
      (["fit-head", none, "--data", data, "-o", output], "a model directory"),
      (["fit-head", model, "--data", none, "-o", output], "a file of texts"),
      (["plan", none, "--device", device, "--dense", "-o", output], "a model directory"),
      (planning + ["--device", none], "taper profile"),
      (planning + ["--device", device, "--calibration", none], "taper calibrate"),
      (planning + ["--device", device, "--refit-head", none], "a file of texts"),
      (["profile", "--model", none, "-o", output], "a model directory"),
      (["tokenize", none], "a model directory"),
      (["inspect", none], "a model directory, a plan"),
      (["audit", plan, "--data", none], "a file of texts"),
      (["audit", none, "--data", data], "taper plan"),
      (["audit", plan, "--data", data, "--reference", none], "taper plan"),
      (["run", plan, "--input", none], "a file of texts"),
    ]
    for (arguments, expected) in wanted { refused(arguments, "no such ", none, "expected ", expected) }
    for verb in ["run", "explain", "verify", "bench"] { refused([verb, none], "no such file", "taper plan") }
    #expect(!TestFile.exists(output))
  }

  @Test func directoriesForFilesAndFilesForDirectories() {
    let (output, data) = (taper.path("out"), taper.texts())
    refused(["calibrate", data, "--data", data, "-o", output], "a model directory; found a file")
    refused(["calibrate", model, "--data", model, "-o", output], "a file of texts; found a directory")
    refused(
      ["plan", model, "--device", model, "--dense", "-o", output], "a device profile; found a directory")
    refused(["explain", model], "a plan; found a directory")
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
      #expect(run.exitCode == 65 && run.errors.hasPrefix("error: "), "\(arguments): \(run.errors)")
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
        refused(command + [option, count], option, "expected a whole number of at least 1")
      }
    }
    #expect(!TestFile.exists(output))
  }

  @Test func otherValues() {
    let planning = ["plan", model, "--device", device, "-o", taper.path("out")]
    refused(planning + ["--latency", "5"], "expected a time above zero with its unit")
    refused(planning + ["--latency", "5ms@p98"], "@p99 or @p99.9")
    refused(planning + ["--latency", "-5ms"], "expected a time above zero with its unit")
    refused(planning + ["--speedup", "0.5x"], "expected a factor of at least 1")
    refused(planning + ["--dense", "--max-drop", "-1%"], "expected a share of at least 0")
    refused(planning + ["--dense", "--decay", "fast"], "expected acc, or a number")
    refused(["bench", "a.plan", "--lengths", "16,,32"], "expected input lengths")
    refused(["bench", "a.plan", "--lengths", "0"], "expected input lengths")
  }
}
