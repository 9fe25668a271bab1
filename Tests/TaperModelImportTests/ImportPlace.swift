import Glibc
import TaperBase
import TaperJSON
import TaperModelSpec
import TaperPlanFormat
import TestSupport
import Testing

/// A folder with a fixture's graph and the files of the model that it is of.
struct ImportPlace {
  struct Expected {
    /// Of the model that was exported.
    var folder: String
    var ids: [UInt32]
    var tolerance: Float
    /// What the graph's own runtime answers.
    var answer: [Float]
  }

  let folder = TemporaryDirectory()

  var output: String { folder.path + "/imported" }

  static let expected: [String: Expected] = {
    guard let json = try? JSONValue.parse(TestFile.bytes(TestFile.fixture("expected.json"))),
      let ids = json["ids"]?.array?.compactMap({ $0.int.map(UInt32.init) }),
      let graphs = json["graphs"]?.object?.members
    else { return [:] }
    var expected: [String: Expected] = [:]
    for (name, entry) in graphs {
      expected[name] = Expected(
        folder: TestFile.fixture("../../TaperModelSpecTests/Fixtures/" + (entry["model"]?.string ?? "")),
        ids: ids,
        tolerance: Float(entry["tolerance"]?.double ?? 0),
        answer: entry["answer"]?.array?.compactMap { $0.double.map { Float($0) } } ?? [])
    }
    return expected
  }()

  /// - Parameter inner: the graph's folder inside.
  func put(
    _ graph: String, config: Bool = true, in inner: String? = nil
  ) throws -> (path: String, expected: Expected) {
    let expected = try #require(Self.expected[graph])
    for name in TemporaryDirectory.entries(expected.folder)
    where !["model.safetensors", "expected.json"].contains(name) && (config || name != "config.json") {
      if name.hasSuffix(".json") || name.hasSuffix(".txt") {
        folder.write(name, TestFile.bytes(expected.folder + "/" + name))
      }
    }
    let stem = graph.split(separator: ".")[0]
    let prefix = inner.map { $0 + "/" } ?? ""
    for name in [graph, stem + ".bin", stem + ".onnx_data"] where FilePath.exists(TestFile.fixture(name)) {
      folder.write(prefix + name, TestFile.bytes(TestFile.fixture(name)))
    }
    return (folder.path + "/" + prefix + graph, expected)
  }

  /// How far the naive encoder's answer is from the graph's, by the largest element: of states their mean is compared,
  /// of a text classifier the logits, of a token classifier the scores.
  func difference(_ model: ModelSpec, _ expected: Expected) throws -> Float {
    var model = model
    var answer = expected.answer
    let hidden = Int(model.shape.hidden)
    switch model.head.kind {
    case .embedding where answer.count > hidden:
      model.head = HeadSpec(kind: .embedding, steps: [.pool(.mean, width: hidden)])
      let states = answer
      answer = (0..<hidden).map { column in
        stride(from: column, to: states.count, by: hidden).reduce(0) { $0 + states[$1] }
          / Float(expected.ids.count)
      }
    case .embedding: break
    case .tokenClassification:
      let width = model.head.outputWidth
      for start in stride(from: 0, to: answer.count, by: width) {
        let row = answer[start..<start + width].map { exp(Double($0)) }
        for place in 0..<width { answer[start + place] = Float(row[place] / row.reduce(0, +)) }
      }
    case .classification, .multiLabel, .regression:
      model.head.kind = .regression
      model.head.hasSigmoid = false
    case .sparse, .tokenVectors: return .infinity
    }
    let found = try NaiveEncoder(model).run(ids: expected.ids).output.map { Float($0) }
    guard found.count == answer.count else { return .infinity }
    let scale = answer.reduce(Float(1e-6)) { max($0, abs($1)) }
    return zip(found, answer).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) } / scale
  }
}
