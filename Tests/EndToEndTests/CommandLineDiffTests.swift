import TaperJSON
import TestSupport
import Testing

/// `taper diff` as a program.
@Suite struct CommandLineDiffTests {
  let taper = TaperProgram()

  @Test func plans() throws {
    let calibration = try taper.calibration()
    let dense = try taper.plan("--dense", calibration: calibration, name: "dense.plan")
    let same = try taper.plan("--dense", calibration: calibration, name: "same.plan")
    let half = try taper.plan("--flops-speedup", "1.5x", calibration: calibration, name: "half.plan")
    let equal = taper("diff", dense, same, "--json")
    #expect(try equal.exitCode == 0 && equal.json()["equal"] == true && equal.json()["changes"] == [])
    let run = taper("diff", dense, half, "--json")
    let json = try JSONValue.parse(Array(run.output.utf8))
    #expect(run.exitCode == 1 && json["kind"] == "plan" && json["equal"] == false)
    let paths = (json["changes"]?.array ?? []).compactMap { $0["path"]?.array?.compactMap(\.string) }
    #expect(
      Set(paths.compactMap(\.first)).isSuperset(of: ["identity", "schedule", "kernels", "predictions"]))
    #expect(paths.contains(["identity", "method"]))
    #expect(paths.contains(["schedule", "lengths", "24 tokens", "keep_counts"]))
    #expect(paths.contains(["predictions", "lengths", "24 tokens", "predicted_ns"]))
  }

  @Test func auditsAndTheirPages() throws {
    let plan = try taper.plan("--dense")
    func audit(_ name: String) -> String {
      let run = taper(
        "audit", plan, "--data", taper.texts(), "--runs", "3", "--lengths", "8,24", "--json", "--html",
        taper.path("\(name).html"))
      return taper.folder.write("\(name).json", run.output)
    }
    let (a, b) = (audit("a"), audit("b"))
    // The page carries the audit it shows.
    #expect(taper("diff", a, taper.path("a.html")).exitCode == 0)
    let found = taper("diff", a, b, "--json")
    let changes = try found.json()["changes"]?.array ?? []
    #expect(found.exitCode == 1 && !changes.isEmpty, "two measurements, never equal: \(found.errors)")
    #expect(changes.allSatisfy { $0["path"]?[0] != "identity" }, "of one plan")
  }

  @Test func whatCannotBeCompared() throws {
    let plan = try taper.plan("--dense")
    let other = taper.folder.write("other.json", "{}")
    #expect(taper("diff", plan, taper.path("none")).exitCode == 64)
    #expect(taper("diff", plan, other).exitCode == 64)
    for (name, content, code) in [
      ("cut.json", "{\"verdict\": ", 65), ("page.html", "<html></html>", 64), ("short.plan", "TAPER", 65),
    ] as [(String, String, Int32)] {
      taper("diff", plan, taper.folder.write(name, content)).expectRefused(code, naming: name)
    }
    let audit = taper.folder.write("audit.json", #"{"verdict": "within", "lengths": []}"#)
    taper("diff", plan, audit).expectRefused(64, naming: "plan", "audit")
  }
}
