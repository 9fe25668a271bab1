import TaperBase
import TaperModelImport
import TaperWorkflow
import TestSupport
import Testing

/// Files are untrusted: what is damaged, endless or elsewhere is refused, in bounded time and memory, and nothing is
/// left behind.
@Suite struct HostileGraphTests {
  private let place = ImportPlace()

  private func refusal(_ path: String, _ comment: String = "") -> ImportError? {
    let error = #expect(
      throws: ImportError.self, "\(comment)", performing: { try GraphImporter.run(path, to: place.output) })
    #expect(!TemporaryDirectory.entries(place.folder.path).contains { $0.hasPrefix("imported") })
    return error
  }

  @Test(arguments: [("bert-classifier.onnx", 997), ("dynamo.onnx", 4999), ("bert-classifier.xml", 1009)])
  func everyCutIsRefused(graph: String, step: Int) throws {
    let (path, _) = try place.put(graph)
    let bytes = TestFile.bytes(path)
    // The last bytes of an XML close the document.
    for end in stride(from: 0, to: bytes.count - 8, by: step) {
      _ = refusal(place.folder.write(FilePath.name(path), Array(bytes[..<end])), "\(end) bytes")
    }
  }

  @Test(arguments: ["bert-classifier.bin", "external.onnx_data"])
  func cutConstantsAreRefused(file: String) throws {
    let isIR = file.hasSuffix(".bin")
    let (path, _) = try place.put(isIR ? "bert-classifier.xml" : "external.onnx")
    let bytes = TestFile.bytes(place.folder.path + "/" + file)
    place.folder.write(file, Array(bytes.dropLast(5)))
    guard case .badTensor? = refusal(path) else {
      Issue.record("expected a tensor outside the file")
      return
    }
  }

  /// Damaged files are refused or read; none traps.
  @Test(arguments: [
    "dynamic.onnx", "qdq.onnx", "fused.onnx", "mpnet.onnx", "ir-int4.xml", "ir-from-dynamic.xml", "gte.xml",
  ])
  func damageNeverTraps(graph: String) throws {
    let (path, _) = try place.put(graph)
    let bytes = TestFile.bytes(path)
    var generator = SeededGenerator(seed: 7)
    for round in 0..<60 {
      var damaged = bytes
      for _ in 0..<4 {
        damaged[Int.random(in: 0..<damaged.count, using: &generator)] = UInt8.random(
          in: 0...255, using: &generator)
      }
      place.folder.write(FilePath.name(path), damaged)
      _ = try? GraphImporter.run(path, to: place.folder.path + "/\(round)")
    }
  }

  @Test(arguments: [
    // Entities, from this document and from elsewhere.
    "<!DOCTYPE net [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;\">]><net><layers>&b;</layers></net>",
    "<!DOCTYPE net SYSTEM \"file:///etc/passwd\"><net/>", "<net><layers>&undeclared;</layers></net>",
    String(repeating: "<a>", count: 100_000), "<net>" + String(repeating: "<b>", count: 40) + "</net>",
    "", "<net/>", "<other/>", "<net><layers></net>",
    "<net><layers><layer id=\"0\" type=\"Result\"/><layer id=\"0\" type=\"Result\"/></layers></net>",
    "<net><layers><layer id=\"-1\"/></layers></net>",
    "<net><layers><layer id=\"99999999999999999999\"/></layers></net>",
  ])
  func documentsThatAreNoIRAreRefused(text: String) {
    place.folder.write("m.bin", [])
    _ = refusal(place.folder.write("m.xml", text), String(text.prefix(40)))
  }

  @Test func manyAttributesAreRefused() {
    place.folder.write("m.bin", [])
    let attributes = (0..<100).map { " a\($0)=\"\"" }.joined()
    guard case .tooLarge? = refusal(place.folder.write("m.xml", "<net\(attributes)/>")) else {
      Issue.record("expected a limit")
      return
    }
  }

  /// A text that hides its document type in another encoding is no UTF-8.
  @Test func otherEncodingsAreRefused() {
    place.folder.write("m.bin", [])
    let text = "<!DOCTYPE net []><net/>".utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    _ = refusal(place.folder.write("m.xml", [0xFF, 0xFE] + text))
  }

  // MARK: Graphs

  @Test func aCircleIsRefused() {
    var graph = OnnxText()
    graph.node("Add", ["input_ids", "b"], ["a"])
    graph.node("Add", ["a", "input_ids"], ["b"])
    guard case .malformedGraph? = refusal(place.folder.write("m.onnx", graph.bytes(output: "b"))) else {
      Issue.record("expected a circle")
      return
    }
  }

  @Test func aMillionNodesAreRefused() {
    var graph = OnnxText()
    for index in 0..<1_000_000 {
      graph.node("Neg", [index == 0 ? "input_ids" : "v\(index)"], ["v\(index + 1)"])
    }
    #expect(
      refusal(place.folder.write("m.onnx", graph.bytes(output: "v1000000")))
        == .tooLarge(path: place.folder.path + "/m.onnx", what: "nodes", limit: 1 << 17))
  }

  /// As long as the limit allows, and as deep.
  @Test func aDeepGraphNeedsNoStack() {
    var graph = OnnxText()
    for index in 0..<100_000 {
      graph.node("Neg", [index == 0 ? "input_ids" : "v\(index)"], ["v\(index + 1)"])
    }
    guard case .unrecognised? = refusal(place.folder.write("m.onnx", graph.bytes(output: "v100000"))) else {
      Issue.record("expected no layers")
      return
    }
  }

  /// Small files that ask for much: each is stopped by what an encoder of its size could need.
  @Test(arguments: ["shape", "tile", "product", "range", "outer", "constants"])
  func expansionsAreBounded(kind: String) {
    var graph = OnnxText()
    graph.tensor("huge", [3], integers: [1 << 20, 1 << 20, 1 << 20])
    graph.tensor("large", [2], integers: [1 << 11, 1 << 10])
    graph.tensor("one", [], integers: [1])
    graph.tensor("zero", [], integers: [0])
    graph.tensor("end", [], integers: [Int.max])
    switch kind {
    case "shape": graph.node("ConstantOfShape", ["huge"], ["x"])
    case "tile":
      graph.node("Shape", ["input_ids"], ["s"])
      graph.node("Tile", ["s", "end"], ["x"])
    case "range": graph.node("Range", ["zero", "end", "one"], ["x"])
    case "outer":
      // Twice as many elements each time.
      graph.node("Concat", ["input_ids", "input_ids"], ["v0"])
      for index in 0..<60 { graph.node("Concat", ["v\(index)", "v\(index)"], ["v\(index + 1)"]) }
      graph.node("Neg", ["v60"], ["x"])
    case "constants":
      graph.node("ConstantOfShape", ["large"], ["v0"])
      for index in 0..<200 { graph.node("Neg", ["v\(index)"], ["v\(index + 1)"]) }
      graph.node("Neg", ["v200"], ["x"])
    default:
      graph.node("ConstantOfShape", ["large"], ["a"])
      graph.node("Transpose", ["a"], ["b"])
      graph.node("MatMul", ["a", "b"], ["x"])
    }
    graph.node("Add", ["x", "input_ids"], ["y"])
    guard case .badNode? = refusal(place.folder.write("m.onnx", graph.bytes(output: "y")), kind) else {
      Issue.record("\(kind): expected the node that asks for too much")
      return
    }
  }

  @Test(arguments: ["../secret", "/etc/passwd", "a/../../b", "", "link"])
  func externalDataStaysInTheFolder(file: String) {
    let outside = TemporaryDirectory()
    outside.write("data", [UInt8](repeating: 0, count: 64))
    place.folder.link("link", to: outside.path + "/data")
    var graph = OnnxText()
    graph.external("weights", [4], file: file)
    graph.node("Add", ["weights", "input_ids"], ["y"])
    guard case .outsideFolder? = refusal(place.folder.write("m.onnx", graph.bytes(output: "y"))) else {
      Issue.record("expected \(file) to be refused")
      return
    }
  }

  @Test func unknownOperationsAreNamed() {
    var graph = OnnxText()
    graph.node("Loop", ["input_ids"], ["y"])
    #expect(
      refusal(place.folder.write("m.onnx", graph.bytes(output: "y")))
        == .unknownNode(path: place.folder.path + "/m.onnx", kind: "Loop", output: "y"))
  }

  @Test func whatIsNoGraphIsNamed() throws {
    let pointer = place.folder.write("p.onnx", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    #expect(refusal(pointer) == .foreignContent(path: pointer, .gitLFSPointer))
    let other = place.folder.write("p.gguf", "x")
    #expect(refusal(other) == .unknownFormat(path: other))
  }
}
