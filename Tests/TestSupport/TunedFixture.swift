public import TaperModelSpec
internal import TaperPlanFormat

/// A committed directory that tools/tune wrote (tools/tune/make-fixtures), with what its PyTorch model computes.
public struct TunedFixture: Sendable {
  public let model: ModelSpec
  public let expected: SafetensorsFile

  public static let inputCount = 3

  /// `name`: tuned-halting, …
  public init(_ name: String) throws {
    let tests = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    let folder = "/\(tests)/TaperModelSpecTests/Fixtures/\(name)"
    model = try ModelSpec.load(directory: folder)
    expected = try SafetensorsFile(path: folder + "/expected.safetensors")
  }

  /// A tensor of what input `input` gives.
  public func values(_ input: Int, _ name: String) throws -> [Double] {
    try expected.floats("\(input).\(name)").map(Double.init)
  }

  public func ids(_ input: Int) throws -> [UInt32] { try values(input, "ids").map { UInt32($0) } }
  public func typeIDs(_ input: Int) throws -> [UInt32] { try values(input, "types").map { UInt32($0) } }
  /// T(0)…T(L).
  public func keepCounts(_ input: Int) throws -> [Int] {
    try [ids(input).count] + values(input, "keep_counts").map { Int($0) }
  }
  /// Rows that entered the first layer, and that entered each next one or left the last.
  public func rows(_ input: Int) throws -> [Int] {
    try (0...Int(model.shape.layers)).map { try values(input, "positions.\($0)").count }
  }
}
