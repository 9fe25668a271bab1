import TaperJSON
import TestSupport
import Testing

/// `taper` on a model with selectors, from calibration to answers.
@Suite struct CommandLineSelectorTests {
  let taper = TaperProgram()

  @Test func calibrateToRun() throws {
    let model = TaperProgram.model("tuned-selector")
    let texts = taper.texts()
    let calibrated = try taper.json(
      "calibrate", model, "--data", texts, "--no-labels", "--max-length", "24", "-o",
      taper.path("calibration"))
    let shares = calibrated["selectors"]?.array ?? []
    #expect(shares.map { $0["layer"]?.int } == [1, 2])
    let kept = shares.compactMap { $0["kept_share"]?.double }
    #expect(kept.count == 2 && kept[0] >= kept[1] && kept[0] <= 1 && kept[1] > 0)

    for selection in ["dynamic", "static"] {
      let path = taper.path("\(selection).plan")
      let plan = try taper.json(
        "plan", model, "--device", TaperProgram.referenceDevice, "--calibration", taper.path("calibration"),
        "--method", "selector", "--selection", selection, "--flops-speedup", "1.3x", "--max-length", "24",
        "--threads", "1", "-o", path)
      #expect(plan["method"]?.string == (selection == "dynamic" ? "selector" : "selector-static"))
      let longest = try #require(plan["lengths"]?.array?.last)
      #expect((longest["work_speedup"]?.double ?? 0) >= 1.3)
      #expect((longest["expected"] == nil) == (selection == "static"))
      let explained = try taper.json("explain", path)
      // A static plan has only the selectors that drop a token at some length.
      let layers = explained["selectors"]?.array?.compactMap { $0["layer"]?.int } ?? []
      #expect(selection == "dynamic" ? layers == [1, 2] : layers.last == 2)
      #expect(explained["restores_dropped_tokens"] == true)
      let text = taper("explain", path)
      #expect(text.exitCode == 0, "\(text.errors)")
      #expect(explained["expected"]?.isNull == (selection == "static"))
      for line in text.output.split(separator: "\n") where !line.hasPrefix("  request") {
        #expect(line.count <= 110, "\(line)")
      }
      let answers = taper("run", path, "--input", texts)
      #expect(answers.exitCode == 0 && answers.output.split(separator: "\n").count == 24, "\(answers.errors)")
      let verified = taper("verify", path)
      #expect(verified.exitCode == 0, "\(verified.errors)")
    }
  }

  @Test func whatIsWrongIsSaid() throws {
    let calibration = try taper.calibration("tiny-bert-old-names")
    func run(_ arguments: String...) -> ChildProcess {
      ChildProcess.run(
        taper.program,
        [
          "plan", TaperProgram.model("tiny-bert-old-names"), "--device", TaperProgram.referenceDevice,
          "--calibration", calibration, "-o", taper.path("a.plan"),
        ] + arguments)
    }
    run("--method", "selector", "--speedup", "1.2x").expectRefused(65, naming: "selectors")
    run("--selection", "static", "--speedup", "1.2x")
      .expectRefused(64, naming: "--selection", "selectors", "found acc", "leave it out")
    // What is the default is as much without effect.
    run("--selection", "dynamic", "--speedup", "1.2x").expectRefused(64, naming: "--selection")
    run("--method", "selector", "--selection", "some", "--speedup", "1.2x")
      .expectRefused(64, naming: "--selection", "some")
    run("--method", "selector", "--dense").expectRefused(64, naming: "selector")
  }
}
