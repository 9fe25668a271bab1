import TaperBase

/// A safetensors file, mapped read-only; tensors are converted to [Float] when asked for.
public struct SafetensorsFile: Sendable {
  public let header: SafetensorsHeader
  private let file: MappedFile
  private let positions: [String: Int]

  /// Maps the file and checks its whole header.
  /// - Throws: `file` when it cannot be mapped, `safetensors` when its header is not sound.
  public init(path: String) throws(ModelSpecError) {
    let file = try ModelSpecError.wrapping(try MappedFile(path: path))
    do throws(SafetensorsDefect) {
      header = try unsafe file.withBytes { (bytes) throws(SafetensorsDefect) in
        try unsafe SafetensorsHeader.read(bytes)
      }
    } catch {
      if let content = unsafe file.withBytes({ unsafe ForeignContent($0.prefix(64)) }) {
        throw .foreignContent(path: path, content)
      }
      throw .safetensors(path: path, defect: error)
    }
    self.file = file
    // The header's names are distinct by scalars; of two that are equal as Strings, the first wins.
    positions = Dictionary(header.tensors.enumerated().map { ($1.name, $0) }) { first, _ in first }
  }

  public var path: String { file.path }
  public var byteCount: Int { file.count }
  /// In the order of their data.
  public var tensors: [SafetensorsTensor] { header.tensors }
  public var metadata: [String: String] { header.metadata }

  /// The description of the tensor `name`; nil when the file has none.
  public func tensor(_ name: String) -> SafetensorsTensor? { positions[name].map { header.tensors[$0] } }

  /// The tensor's elements in row-major order, as Float.
  /// - Parameter elements: which of them; all unless given.
  /// - Precondition: the tensor has these elements.
  /// - Throws: `tensorMissing`; `tensorType` unless it is F32, F16 or BF16.
  public func floats(_ name: String, in elements: Range<Int>? = nil) throws(ModelSpecError) -> [Float] {
    guard let tensor = tensor(name) else { throw .tensorMissing(path: path, tensor: name, tried: [name]) }
    guard let element = tensor.element, FloatConversion.supported.contains(element) else {
      throw .tensorType(
        path: path, tensor: name, expected: FloatConversion.supported.map(\.rawValue), found: tensor.type)
    }
    let width = element.byteCount
    let range =
      elements.map {
        tensor.range.lowerBound + $0.lowerBound * width..<tensor.range.lowerBound + $0.upperBound * width
      } ?? tensor.range
    precondition(tensor.range.contains(range), "elements that the tensor does not have")
    return unsafe file.withBytes { (bytes) in
      unsafe FloatConversion.floats(UnsafeRawBufferPointer(rebasing: bytes[range]), as: element)
    }
  }

  /// All of the file's bytes, for digests.
  package func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result { try unsafe file.withBytes(body) }
}
