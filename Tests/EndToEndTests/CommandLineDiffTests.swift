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
    let equal = taper("diff", dense, same)
    #expect(
      equal.exitCode == 0 && equal.output.hasPrefix("no difference: "), "\(equal.output)\(equal.errors)")
    let text = taper("diff", dense, half)
    #expect(text.exitCode == 1 && text.errors == "", "\(text.errors)")
    for part in ["identity", "schedule: ", "kernels", "predictions: ", "method"] {
      #expect(text.output.contains(part), "\(part): \(text.output)")
    }
    let run = taper("diff", dense, half, "--json")
    let json = try JSONValue.parse(Array(run.output.utf8))
    #expect(run.exitCode == 1 && json["kind"] == "plan" && json["equal"] == false)
    let paths = (json["changes"]?.array ?? []).compactMap { $0["path"]?.array?.compactMap(\.string) }
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
    let found = taper("diff", a, b)
    #expect(
      found.exitCode == 1 && found.output.contains(" tokens, measured p"), "\(found.output)\(found.errors)"
    )
    #expect(!found.output.contains("identity"))
  }

  @Test func whatCannotBeCompared() throws {
    let plan = try taper.plan("--dense")
    let other = taper.folder.write("other.json", "{}")
    #expect(taper("diff", plan, taper.path("none")).exitCode == 64)
    #expect(taper("diff", plan, other).exitCode == 64)
    #expect(taper("diff", plan, taper.folder.write("cut.json", "{\"verdict\": ")).exitCode == 65)
    let cut = taper("diff", plan, taper.path("cut.json"))
    #expect(cut.errors.contains("cut.json: JSON ends at byte"), "\(cut.errors)")
    let page = taper("diff", plan, taper.folder.write("page.html", "<html></html>"))
    #expect(
      page.exitCode == 64
        && page.errors.contains("page.html: expected a plan or an audit; found another page"))
    let short = taper("diff", plan, taper.folder.write("short.plan", "TAPER"))
    #expect(short.exitCode == 65 && short.errors.contains("short.plan: "), "\(short.errors)")
    let audit = taper.folder.write("audit.json", #"{"verdict": "within", "lengths": []}"#)
    let mixed = taper("diff", plan, audit)
    #expect(mixed.exitCode == 64 && mixed.errors.contains("expected two plans or two audits; found a plan"))
  }
}
