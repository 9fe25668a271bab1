/// A tensor as a safetensors header describes it; checked against the file.
public struct SafetensorsTensor: Hashable, Sendable {
  public let name: String
  public let element: SafetensorsElement
  public let shape: [Int]
  /// Byte range from the start of the file.
  public let range: Range<Int>
  /// Product of the shape.
  public var elementCount: Int { range.count / element.byteCount }
}
