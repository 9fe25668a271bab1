import TaperJSON
import TestSupport
import Testing

/// `taper` as a program: bench and audit. What they measure here means nothing; its shape does.
@Suite struct CommandLineAuditTests {
  let taper = TaperProgram()

  @Test func benchmarks() throws {
    let plan = try taper.plan("--dense")
    // However noisy the machine is.
    let steady = ["--noise", "100000%"]
    let result = try taper.json(
      "bench", plan, "--lengths", "3,24", "--runs", "5", "--threads", "1", "--samples", "--noise", "100000%")
    #expect(result.keys == ["schema_version", "threads", "lengths", "noise", "chunks"])
    #expect(result["noise"]?["verdict"] == "steady" && result["chunks"]?.array?.count == 10)
    #expect(result["schema_version"] == 1 && result["threads"] == 1)
    let lengths = try #require(result["lengths"]?.array)
    #expect(lengths.map { $0["tokens"] } == [3, 24])
    for length in lengths {
      let percentiles = ["p50", "p90", "p99", "p999"]
      #expect(
        length.keys == ["tokens", "runs"] + percentiles.map { $0 + "_ns" }
          + percentiles.map { $0 + "_interval_ns" } + ["samples_ns"])
      #expect(length["runs"] == 5)
      let times = percentiles.compactMap { length[$0 + "_ns"]?.int }
      #expect(times.count == 4 && times == times.sorted(), "integers, ascending")
      // Five runs bound no percentile on both sides.
      #expect(length["p50_interval_ns"]?.array?.contains { $0.isNull } == true)
    }
    #expect(ChildProcess.run(taper.program, ["bench", plan, "--runs", "3"] + steady).exitCode == 0)
    // No machine is steadier than perfect.
    let noisy = taper("bench", plan, "--lengths", "3", "--runs", "3", "--noise", "0%", "--json")
    #expect(try noisy.exitCode == 69 && noisy.json()["noise"]?["verdict"] == "noisy")
    #expect(taper("bench", plan, "--lengths", "25").exitCode == 64)
    #expect(taper("bench", plan, "--runs", "0").exitCode == 64)
    #expect(taper("bench", plan, "--threads", "5").exitCode == 64, "planned for 4")
  }

  @Test func audits() throws {
    let calibration = try taper.calibration("tiny-bert-classifier", "--no-labels")
    let dense = try taper.plan("--dense", model: "tiny-bert-classifier", name: "dense.plan")
    let plan = try taper.plan(
      "--flops-speedup", "1.5x", model: "tiny-bert-classifier", calibration: calibration)
    let run = taper(
      "audit", plan, "--data", taper.texts(), "--no-labels", "--reference", dense, "--runs", "10",
      "--threads", "1",
      "--html",
      taper.path("report.html"), "--junit", taper.path("report.xml"), "--json")
    let report = try JSONValue.parse(Array(run.output.utf8))
    let verdict = try #require(report["verdict"]?.string)
    #expect(run.exitCode == ["within": 0, "outside": 1, "noisy": 69][verdict], "\(verdict): \(run.errors)")
    #expect(report["schema_version"] == 1)
    let lengths = try #require(report["lengths"]?.array)
    #expect(!lengths.isEmpty && report["ops"]?.array?.isEmpty == false)
    for length in lengths {
      for key in ["tokens", "predicted_ns", "measured_p50_ns"] {
        #expect((length[key]?.int ?? 0) > 0, "\(key)")
      }
      #expect(length["residual"]?.double != nil)
    }
    let accuracy = try #require(report["accuracy"])
    #expect(Set(accuracy.keys).isSuperset(of: ["metric", "dense", "planned", "agreement", "count"]))
    #expect(accuracy["count"] == 24)

    let page = String(decoding: TestFile.bytes(taper.path("report.html")), as: UTF8.self)
    #expect(page.lowercased().hasPrefix("<!doctype html") && page.contains("<svg"))
    let cases = try JUnitCases(path: taper.path("report.xml"))
    #expect(
      cases.tests == lengths.count + (report["accuracy_holds"]?.bool == nil ? 1 : 2)
        && cases.names.count == cases.tests)
    #expect(cases.failures > 0 || verdict != "outside")
  }

  /// A reference that answers in other terms cannot be compared with.
  @Test func referencesThatDoNotFit() throws {
    func head(_ name: String, _ labels: [String]) throws -> String {
      let rows = (0..<30).map { row in
        let place = row % labels.count
        return
          #"{"text":"\#(["a plan of", "token at 7", "model for"][place]) \#(row)","label":"\#(labels[place])"}"#
      }
      let data = taper.folder.write("\(name).jsonl", rows.joined(separator: "\n") + "\n")
      let model = TaperProgram.model("tiny-bert-old-names")
      let run = taper("fit-head", model, "--data", data, "-o", taper.path(name))
      try #require(run.exitCode == 0, "\(run.errors)")
      return try taper.plan("--dense", model: taper.path(name), name: "\(name).plan")
    }
    let plan = try head("two", ["x", "y"])
    let references = [
      (try head("renamed", ["x", "z"]), "x, z"), (try head("three", ["x", "y", "z"]), "3"),
      (try taper.plan("--dense"), "embedding"),
      (try taper.plan("--dense", "--max-length", "12", model: taper.path("two"), name: "short.plan"), "12"),
      (try taper.plan("--dense", model: "tiny-mpnet", name: "mpnet.plan"), "tokenizer"),
    ]
    for (reference, found) in references {
      let run = taper(
        "audit", plan, "--data", taper.texts(), "--no-labels", "--reference", reference, "--runs", "3")
      run.expectRefused(64, naming: "--reference", found)
    }
  }

  @Test func textsThatCannotBeRead() throws {
    let plan = try taper.plan("--dense")
    let bad = taper("audit", plan, "--data", taper.folder.write("bad.jsonl", "{\"text\":\"a\"}\nno\n"))
    bad.expectRefused(65, naming: "line 2")
    #expect(taper("audit", plan, "--data", taper.folder.write("none.jsonl", "")).exitCode == 65)
    let good = taper.texts()
    #expect(taper("audit", plan, "--data", good, "--runs", "0").exitCode == 64)
    #expect(taper("audit", plan, "--data", good, "--lengths", "25").exitCode == 64)
    #expect(taper("audit", plan, "--data", good, "--tolerance", "-1%").exitCode == 64)
  }

  /// A busy machine may be too noisy to profile; then the command says so and writes nothing.
  @Test func profiles() throws {
    let model = TaperProgram.model("tiny-bert-old-names")
    let output = taper.path("device.json")
    let run = taper("profile", "--model", model, "--threads", "1", "--budget", "2", "-o", output, "--json")
    guard run.exitCode == 0 else {
      run.expectRefused(69)
      #expect(!TestFile.exists(output))
      return
    }
    let summary = try JSONValue.parse(Array(run.output.utf8))
    #expect(summary["schema_version"] == 1 && summary["threads"] == [1])
    let plan = taper("plan", model, "--device", output, "--dense", "-o", taper.path("a.plan"))
    #expect(plan.exitCode == 0, "\(plan.errors)")
    let unmeasured = taper(
      "plan", model, "--device", output, "--dense", "--threads", "2", "-o", taper.path("b.plan"))
    unmeasured.expectRefused(64, naming: "--threads", "2")
  }
}
