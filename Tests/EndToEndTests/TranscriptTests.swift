import TestSupport
import Testing

/// What each command says, whole, in one committed transcript a command (Fixtures/transcripts).
///
/// They pin the wording of tables and refusals, and nothing else does: other tests assert exit codes, JSON, and the
/// names and numbers in a message. `RECORD=1 swift test -c release --filter TranscriptTests` rewrites them and fails once.
@Suite struct TranscriptTests {
  static let model = TaperProgram.model("tiny-bert-old-names")
  static let device = TaperProgram.referenceDevice

  @Test func plan() throws {
    var transcript = Transcript()
    let taper = transcript.taper
    let base = ["plan", Self.model, "--device", Self.device, "--threads", "1", "-o", taper.path("a.plan")]
    transcript.run(base + ["--dense"])
    for request in [
      [], ["--dense", "--speedup", "2x"], ["--speedup", "1.1x"], ["--mean-latency", "1ms"],
      ["--method", "search", "--speedup", "1.1x"], ["--dense", "--min-accuracy", "90%"],
      ["--method", "selector", "--speedup", "1.2x"], ["--selection", "static", "--speedup", "1.2x"],
      ["--method", "halting", "--dense"], ["--dense", "--halting-rule", "authors"],
      ["--method", "halting", "--dense", "--halting-rule", "loose"], ["--dense", "--precision", "auto"],
      ["--dense", "--read-out", "lens"], ["--method", "depth", "--speedup", "2x", "--read-out", "kept"],
      ["--dense", "--disable-pass", "no-such-pass"], ["--dense", "--depth", "3"],
      ["--dense", "--depth", "0", "--precision", "int8"], ["--speedup", "2x", "--depth", "0"],
      ["--keep-counts", "7,3", "--depth", "0"], ["--method", "halting", "--dense", "--depth", "0"],
      ["--dense", "--max-arena", "1KB"], ["--dense", "--max-resident", "1KB"],
      ["--method", "depth", "--speedup", "9x"], ["--keep-counts", "3,7"], ["--keep-counts", "25,3"],
      ["--keep-counts", "7,3", "--dense"], ["--keep-counts", "7,3,3"],
      ["--dense", "--calibration", taper.path("none")], ["--dense", "--refit-head", taper.path("none")],
      ["--dense", "--device", taper.path("none")],
    ] {
      transcript.run(base + request)
    }
    transcript.run(base + ["--dense"], environment: ["TAPER_MAX_TIER": "avx9000"])
    let unknownTier = try taper.device(#""tier":"scalar""#, #""tier":"avx9000""#)
    transcript.run(base + ["--dense", "--device", unknownTier])
    transcript.run(base + ["--dense", "--device", taper.folder.write("empty.json", "{}")])
    transcript.run(base + ["--dense", "--device", taper.folder.write("text.json", "not JSON")])
    transcript.run([
      "plan", taper.path("none"), "--device", Self.device, "--dense", "-o", taper.path("a.plan"),
    ])

    let calibrated = base + ["--calibration", try taper.calibration()]
    transcript.run(calibrated + ["--latency", "1s@p99"])
    for impossible in CommandLineRequestTests.impossible {
      transcript.run(calibrated + impossible.request, masksNumbers: impossible.code == 3)
    }
    transcript.run(calibrated + ["--flops-speedup", "1.5x"], masksNumbers: true)
    transcript.run(
      ["plan", TaperProgram.model("tiny-mpnet")] + calibrated.dropFirst(2) + ["--speedup", "1.1x"])
    transcript.expectGolden("plan")
  }

  @Test func sweep() throws {
    var transcript = Transcript()
    let base = [
      "sweep", Self.model, "--device", Self.device, "--threads", "1", "-o", transcript.taper.path("plans"),
    ]
    for arguments in [
      ["--methods", "guess"], ["--methods", "acc,acc"], ["--methods", "acc"], ["--speedups", "2,1.5"],
      ["--speedups", "1"], ["--speedups", "x"], ["--runs", "0"],
      ["--methods", "depth", "--search-cache", "a.jsonl"], ["--methods", "depth", "--search-minutes", "1"],
      ["--methods", "depth", "--selection", "static"], ["--methods", "depth", "--halting-rule", "authors"],
      ["--methods", "depth", "--search-minutes", "nan"],
      ["--methods", "depth", "--speedups", "1.2", "--svg", "curve.svg"],
      ["--methods", "depth", "--speedups", "1.2"],
    ] {
      transcript.run(base + arguments)
    }
    transcript.expectGolden("sweep")
  }

  @Test func calibrateAndFitHead() throws {
    var transcript = Transcript()
    let taper = transcript.taper
    let bad = taper.folder.write(
      "bad.jsonl", "{\"text\":\"a plan\"}\n{\"text\":\n{\"text\":\"a token\"}\n[]\n")
    transcript.run(
      ["calibrate", Self.model, "--data", taper.texts(), "--max-length", "8", "-o", taper.path("c")],
      masksNumbers: true)
    for command in ["calibrate", "fit-head"] {
      let output = ["-o", taper.path("out")]
      transcript.run([command, Self.model, "--data", bad] + output)
      transcript.run([command, Self.model, "--data", taper.path("none")] + output)
      transcript.run([command, Self.model, "--data", Self.model] + output)
      transcript.run([command, bad, "--data", bad] + output)
      transcript.run([command, Self.model, "--data", bad, "--max-length", "0"] + output)
    }
    transcript.run(
      ["fit-head", Self.model, "--data", taper.texts(count: 40), "-o", taper.path("head")], masksNumbers: true
    )
    let unlabelled = taper.folder.write(
      "none.jsonl", "{\"text\":\"a\",\"label\":\"x\"}\n{\"text\":\"a token\"}\n")
    transcript.run(["fit-head", Self.model, "--data", unlabelled, "-o", taper.path("other")])
    transcript.expectGolden("calibrate")
  }

  @Test func explain() throws {
    var transcript = Transcript()
    let taper = transcript.taper
    transcript.run(["explain", try taper.plan("--dense", "--threads", "1")])
    transcript.run(["explain", try taper.plan("--dense", "--threads", "1", model: "tiny-bert-tokens")])
    transcript.run([
      "explain",
      try taper.plan(
        "--method", "halting", "--dense", "--depth", "2", "--threads", "1", model: "tuned-halting"),
    ])
    transcript.run([
      "explain", try taper.plan("--keep-counts", "7,3", "--threads", "1", model: "tiny-mpnet-regression"),
    ])
    transcript.run(["explain", taper.path("none")])
    transcript.run(["explain", Self.model])
    transcript.run(["explain", taper.folder.write("wrong.json", "{}")])
    transcript.run(["explain", taper.path("a.plan"), "--text", "--json"])
    transcript.expectGolden("explain")
  }

  @Test func inspect() throws {
    var transcript = Transcript()
    let taper = transcript.taper
    transcript.run(["inspect", Self.model])
    transcript.run(["inspect", Self.device])
    transcript.run(["inspect", try taper.calibration()], masksNumbers: true)
    transcript.run(["inspect", try taper.plan("--dense", "--threads", "1")])
    transcript.run(
      ["inspect", try taper.plan("--method", "halting", "--dense", "--threads", "1", model: "tuned-halting")])
    transcript.run(["inspect", taper.folder.write("x", "neither")])
    transcript.run(["inspect", taper.path("none")])
    transcript.expectGolden("inspect")
  }

  @Test func diff() throws {
    var transcript = Transcript()
    let taper = transcript.taper
    let dense = try taper.plan("--dense", "--threads", "1", name: "dense.plan")
    transcript.run(["diff", dense, try taper.plan("--dense", "--threads", "1", name: "same.plan")])
    transcript.run(
      [
        "diff", dense,
        try taper.plan("--method", "depth", "--speedup", "1.2x", "--threads", "1", name: "depth.plan"),
      ])
    for (name, content) in [
      ("other.json", "{}"), ("cut.json", "{\"verdict\": "), ("page.html", "<html></html>"),
      ("short.plan", "TAPER"),
      ("audit.json", #"{"verdict": "within", "lengths": []}"#),
    ] {
      transcript.run(["diff", dense, taper.folder.write(name, content)])
    }
    transcript.run(["diff", dense, taper.path("none")])
    transcript.expectGolden("diff")
  }

  @Test func tokenize() throws {
    var transcript = Transcript()
    transcript.run(["tokenize", Self.model], input: "a plan\n")
    transcript.run(["tokenize", Self.model], input: "fine\n{\"texts\":1}\n")
    transcript.run(["tokenize", Self.model, "--max-length", "3"])
    transcript.run(["tokenize", transcript.taper.path("none")])
    transcript.expectGolden("tokenize")
  }

  /// `taper run`, `taper verify` and `taper-run`: what is refused of a plan and its texts.
  @Test func run() throws {
    var transcript = Transcript()
    let taper = transcript.taper
    let plan = try taper.plan("--dense", "--threads", "1")
    var bytes = TestFile.bytes(plan)
    bytes[bytes.count - 5000] ^= 0x10
    let flipped = taper.folder.write("flipped.plan", bytes)
    let cut = taper.folder.write("cut.plan", Array(bytes[..<95]))
    for (program, verb) in [("taper", ["run"]), ("taper-run", [])] {
      transcript.run(verb + [plan], program: program, input: "\"good\"\nbad\n\"never\"\n", masksNumbers: true)
      transcript.run(verb + [plan, "--threads", "2"], program: program)
      transcript.run(verb + [plan, "--top-k", "0"], program: program)
      transcript.run(verb + [plan, "--input", taper.path("none")], program: program)
      transcript.run(verb + [cut], program: program)
      transcript.run(verb + [taper.path("none")], program: program)
    }
    transcript.run(["verify", plan], masksNumbers: true)
    for path in [flipped, cut, taper.path("none")] { transcript.run(["verify", path]) }
    transcript.expectGolden("run")
  }

  /// Commands that measure: their tables differ from run to run, what they refuse does not.
  @Test func measuring() throws {
    var transcript = Transcript()
    let taper = transcript.taper
    let plan = try taper.plan("--dense", "--threads", "1")
    let (data, none) = (taper.texts(), taper.path("none"))
    for arguments in [
      ["bench", plan, "--runs", "0"], ["bench", plan, "--lengths", "25"],
      ["bench", plan, "--lengths", "16,,32"],
      ["bench", plan, "--threads", "2"], ["bench", none],
      ["audit", plan, "--data", none], ["audit", none, "--data", data],
      ["audit", plan, "--data", data, "--runs", "0"],
      ["audit", plan, "--data", data, "--lengths", "25"],
      ["audit", plan, "--data", data, "--tolerance", "-1%"],
      ["audit", plan, "--data", data, "--reference", none],
      ["audit", plan, "--data", taper.folder.write("bad.jsonl", "{\"text\":\"a\"}\nno\n")],
      ["audit", plan, "--data", taper.folder.write("none.jsonl", "")],
      [
        "audit", plan, "--data", data, "--reference",
        try taper.plan("--dense", "--threads", "1", model: "tiny-mpnet", name: "mpnet.plan"),
      ],
      ["race", plan, taper.path("mpnet.plan"), "--data", data], ["race", plan, none, "--data", data],
      ["profile", "--model", none, "-o", taper.path("out")],
      ["profile", "--threads", "0", "-o", taper.path("out")],
      ["kernels", "--budget", "0"],
    ] {
      transcript.run(arguments)
    }
    transcript.expectGolden("measuring")
  }
}
