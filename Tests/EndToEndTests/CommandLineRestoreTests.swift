import Foundation
import TaperJSON
import TestSupport
import Testing

/// `taper plan --read-out auto`: what a mean-pooling head that stays as it was trained reads of dropped tokens.
@Suite struct CommandLineRestoreTests {
  let taper = TaperProgram()

  /// The model without the word that it was trained with dropped tokens in the mean, and its calibration.
  private func free(_ name: String) throws -> (model: String, calibration: String) {
    let model = taper.path("free")
    try FileManager.default.copyItem(atPath: TaperProgram.model(name), toPath: model)
    let config = try String(contentsOfFile: model + "/config.json", encoding: .utf8)
    try config.replacing("\"restores_dropped_tokens\": true", with: "\"restores_dropped_tokens\": false")
      .write(toFile: model + "/config.json", atomically: true, encoding: .utf8)
    let texts = taper.words(labels: ["a", "b", "c"])
    let run = taper("calibrate", model, "--data", texts, "-o", taper.path("calibration"))
    try #require(run.exitCode == 0, "\(run.errors)")
    return (model, taper.path("calibration"))
  }

  private func plan(
    _ inputs: (model: String, calibration: String), _ target: [String], readOut: String
  ) -> ChildProcess {
    ChildProcess.run(
      taper.program,
      [
        "plan", inputs.model, "--device", TaperProgram.referenceDevice, "--calibration", inputs.calibration,
        "-o", taper.path("a.plan"), "--json", "--read-out", readOut,
        "--precision", "f32",
      ] + target)
  }

  private func candidates(_ run: ChildProcess) throws -> [JSONValue] {
    try #require(run.exitCode == 0, "\(run.errors)")
    return try JSONValue.parse(Array(run.output.utf8))["candidates"]?.array ?? []
  }

  /// Putting dropped tokens back takes time: the fastest plans are those that do not.
  @Test func theWayThatReachesTheTargetIsTaken() throws {
    let inputs = try free("tuned-acc-halting")
    func least(_ readOut: String) throws -> Double {
      let run = plan(inputs, ["--latency", "2us"], readOut: readOut)
      // The target, then the best.
      let times = run.errors.matches(of: /([0-9.]+) µs/).compactMap { Double($0.output.1) }
      try #require(run.exitCode == 2 && times.count > 1 && times[0] == 2, "\(run.errors)")
      return times[1]
    }
    let (restored, kept) = (try least("restored"), try least("kept"))
    // In microseconds, to tenths.
    try #require(kept + 0.2 < restored)
    let target = ["--latency", "\((restored + kept) / 2)us"]
    #expect(plan(inputs, target, readOut: "restored").exitCode == 2)
    #expect(plan(inputs, target, readOut: "kept").exitCode == 0)
    let auto = try candidates(plan(inputs, target, readOut: "auto"))
    #expect(auto.map { $0["name"] } == ["all tokens' last states", "kept tokens' states"])
    #expect(auto.map { $0["taken"] } == [false, true])
    #expect(auto[0]["explanation"]?.string?.isEmpty == false)
    #expect(try taper.json("explain", taper.path("a.plan"))["restores_dropped_tokens"] == false)
    // Beyond both, the most that either reaches is named.
    #expect(try least("auto") == kept)
  }

  /// A method ends where neither way goes on.
  @Test func sweepsGoOnWithoutRestoring() throws {
    let inputs = try free("tuned-acc-halting")
    func sweep(_ readOut: String) throws -> Int {
      let run = taper(
        "sweep", inputs.model, "--device", TaperProgram.referenceDevice, "--calibration", inputs.calibration,
        "--read-out", readOut, "--speedups", "1.003", "--threads", "4", "-o", taper.path("sweep-" + readOut))
      try #require(run.exitCode == 0, "\(run.errors)")
      return try FileManager.default.contentsOfDirectory(atPath: taper.path("sweep-" + readOut))
        .count { $0.hasPrefix("acc-") }
    }
    #expect(try ["restored", "kept", "auto"].map(sweep) == [0, 1, 1])
  }

  /// Selectors by threshold drop tokens where their ceilings drop none.
  @Test func selectorsBelowTheirCeilingsAreAChoiceToo() throws {
    let inputs = try free("tuned-selector")
    let target = ["--latency", "1s", "--method", "selector", "--selection"]
    let dynamic = try candidates(plan(inputs, target + ["dynamic"], readOut: "auto"))
    #expect(dynamic.map { $0["name"] } == ["all tokens' last states", "kept tokens' states"])
    #expect(dynamic.count { $0["taken"] == true } == 1)
    #expect(try candidates(plan(inputs, target + ["static"], readOut: "auto")).isEmpty)
  }
}
