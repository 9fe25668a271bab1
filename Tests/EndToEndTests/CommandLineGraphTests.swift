import TaperBase
import TaperJSON
import TestSupport
import Testing

/// `taper` on graphs: imported, or given in a model directory's place.
@Suite struct CommandLineGraphTests {
  let taper = TaperProgram()
  let temporary = TemporaryDirectory()

  /// A graph in a folder "bert" with the files of its model.
  private func graph(_ name: String) -> String {
    let model = TaperProgram.model("tiny-bert-classifier")
    for file in TemporaryDirectory.entries(model)
    where file != "expected.json" && (file.hasSuffix(".json") || file.hasSuffix(".txt")) {
      taper.folder.write("bert/" + file, TestFile.bytes(model + "/" + file))
    }
    let stem = name.split(separator: ".")[0]
    for file in [name, "\(stem).bin"] {
      let path = TestFile.fixture("../../TaperModelImportTests/Fixtures/\(file)")
      if FilePath.exists(path) { taper.folder.write("bert/" + file, TestFile.bytes(path)) }
    }
    return taper.path("bert/" + name)
  }

  private func run(_ arguments: [String]) -> ChildProcess {
    ChildProcess.run(taper.program, arguments, environment: ["TMPDIR": temporary.path])
  }

  @Test(arguments: ["bert-classifier.onnx", "bert-classifier.xml", "ir-int8.xml"])
  func aGraphStandsForItsModel(name: String) throws {
    let graph = graph(name)
    let summary = try taper.json("import", graph, "-o", taper.path("made/bert".replacing("/", with: "-")))
    #expect(try #require(summary["largest_difference"]?.double) < 1e-5)
    #expect(summary["compared_inputs"]?.int == 3 && summary["dequantised"] == .bool(name == "ir-int8.xml"))
    let imported = try taper.json("inspect", taper.path("made-bert"))
    let direct = run(["inspect", graph, "--json"])
    #expect(direct.exitCode == 0, "\(direct.errors)")
    let facts = try JSONValue.parse(Array(direct.output.utf8))
    #expect(facts["digest"] == imported["digest"] && facts["name"]?.string == "bert")
    #expect(direct.errors.contains("dequantised") == (name == "ir-int8.xml"))
    for place in ["a", "b"] {
      let planned = run([
        "plan", graph, "--dense", "--device", TaperProgram.referenceDevice, "--threads", "1", "-o",
        taper.path(place + ".plan"),
      ])
      #expect(planned.exitCode == 0, "\(planned.errors)")
    }
    #expect(TestFile.bytes(taper.path("a.plan")) == TestFile.bytes(taper.path("b.plan")))
    let fitted = run(["fit-head", graph, "--data", taper.texts(), "-o", taper.path("fitted")])
    #expect(fitted.exitCode == 0, "\(fitted.errors)")
    #expect(try taper.json("inspect", taper.path("fitted"))["family"]?.string == "bert")
    #expect(TemporaryDirectory.entries(temporary.path).isEmpty, "temporary folders are removed")
  }

  @Test func nothingStaysAfterAnError() throws {
    let graph = graph("bert-classifier.onnx")
    let bytes = TestFile.bytes(graph)
    taper.folder.write("bert/cut.onnx", Array(bytes.dropLast(1000)))
    for arguments in [
      ["inspect", taper.path("bert/cut.onnx")],
      ["fit-head", graph, "--data", "none.jsonl", "-o", taper.path("f")],
      ["import", taper.path("bert/cut.onnx"), "-o", taper.path("made")],
    ] {
      let failed = run(arguments)
      #expect([64, 65].contains(failed.exitCode), "\(failed.errors)")
      #expect(!failed.errors.contains(temporary.path), "\(failed.errors)")
    }
    #expect(TemporaryDirectory.entries(temporary.path).isEmpty && !FilePath.exists(taper.path("made")))
  }
}
