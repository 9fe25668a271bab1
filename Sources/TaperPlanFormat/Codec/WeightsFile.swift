public import TaperBase

/// A weights file: the container with only a weights index and the weights, shared by the plans whose index has its
/// digest. It is named after the digest, so that a plan finds it in its own folder.
public enum WeightsFile {
  /// "<first 16 hex of the digest>.weights".
  public static func name(for digest: Digest) -> String { digest.shortHex + ".weights" }

  /// The digest of the weights, and their range in `bytes`, the whole file. The range starts at a multiple of 4096.
  /// The weights themselves are not read.
  public static func read(
    _ bytes: UnsafeRawBufferPointer
  ) throws(PlanFormatError) -> (digest: Digest, weights: Range<Int>) {
    let (index, weights) = unsafe try readIndex(bytes)
    return (index.digest, weights)
  }

  /// The file's whole index and where its weights lie.
  public static func readIndex(
    _ bytes: UnsafeRawBufferPointer
  ) throws(PlanFormatError) -> (index: WeightsIndex, weights: Range<Int>) {
    let container = unsafe try Container.read(bytes, expecting: .weights)
    let content = unsafe try container.section(.weightsIndex).content(of: bytes)
    var reader = unsafe SectionReader(content, .weightsIndex)
    let index = unsafe try PlanCodec.readWeightsIndex(&reader)
    unsafe try reader.finish()
    try container.requireVersion(index.formatVersion)
    for section in container.sections where section.kind.name != nil {
      guard section.kind == .weightsIndex || section.kind == .weights else {
        throw .wrongFileKind(found: ContainerKind.plan.rawValue)
      }
    }
    guard let range = try PlanReader.weightsRange(container, index: index) else {
      throw .missingSection(.weights)
    }
    try PlanValidator.validateWeightsIndex(index)
    return (index, range)
  }

  /// The file up to the first byte of its weights.
  public static func encodeHeader(_ index: WeightsIndex) -> [UInt8] {
    var index = index
    index.isEmbedded = true
    var builder = ContainerBuilder(kind: .weights, version: index.formatVersion)
    builder.add(.weightsIndex) { PlanCodec.write(index, to: &$0) }
    return builder.prefix(weights: (index.byteCount.rawValue, index.digest))
  }
}
