import TaperJSON
import TaperModelSpec
import TestSupport

/// What the reference implementation computed: texts, token ids, some layers' states and the mean-pooled embedding.
struct FullSizeFixture {
  let texts: [String]
  private let file: SafetensorsFile

  init(_ name: String) throws {
    file = try SafetensorsFile(path: TestFile.fixture("\(name).expected.safetensors"))
    let list = try JSONValue.parse(Array((file.metadata["texts"] ?? "[]").utf8))
    texts = (list.array ?? []).compactMap(\.string)
  }

  func ids(_ text: Int) throws -> [UInt32] { try file.floats("\(text).ids").map { UInt32($0) } }

  func embedding(_ text: Int) throws -> [Float] { try file.floats("\(text).embedding") }

  /// [tokens, hidden]; nil for a layer the fixture leaves out.
  func hidden(_ text: Int, layer: Int) throws -> [Float]? {
    let name = "\(text).hidden.\(layer)"
    return file.tensor(name) == nil ? nil : try file.floats(name)
  }

  static func largestDifference(_ found: [Float], _ expected: [Double]) -> Double {
    guard found.count == expected.count else { return .infinity }
    return zip(found, expected).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
  }

  static func cosine(_ a: [Float], _ b: [Float]) -> Double {
    guard a.count == b.count else { return -1 }
    var (product, squares) = (0.0, (0.0, 0.0))
    for (x, y) in zip(a, b) {
      product += Double(x) * Double(y)
      squares.0 += Double(x) * Double(x)
      squares.1 += Double(y) * Double(y)
    }
    return product / (squares.0 * squares.1).squareRoot()
  }
}
