import TaperBase
import TaperPlanFormat

/// Puts right digests into a container whose bytes were changed, so that what is tested is what comes after them.
enum Sealed {
  static let headerSize = 96
  static let entrySize = 64

  static func number(_ bytes: [UInt8], at offset: Int, _ count: Int) -> Int {
    (0..<count).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
  }

  static func put(_ value: Int, _ count: Int, at offset: Int, in bytes: inout [UInt8]) {
    for i in 0..<count { bytes[offset + i] = UInt8(truncatingIfNeeded: value >> (8 * i)) }
  }

  static func sectionCount(_ bytes: [UInt8]) -> Int { number(bytes, at: 28, 4) }

  /// Where section `index` lies.
  static func range(_ bytes: [UInt8], _ index: Int) -> Range<Int> {
    let entry = headerSize + index * entrySize
    let offset = number(bytes, at: entry + 8, 8)
    return offset..<offset + number(bytes, at: entry + 16, 8)
  }

  static func kind(_ bytes: [UInt8], _ index: Int) -> Int {
    number(bytes, at: headerSize + index * entrySize, 4)
  }

  /// Digests of all sections but the weights, then of the header and table.
  static func seal(_ bytes: inout [UInt8]) {
    let count = sectionCount(bytes)
    for index in 0..<count where kind(bytes, index) != 0xFFFF {
      let digest = SHA256.digest(of: Array(bytes[range(bytes, index)])).bytes
      bytes.replaceSubrange(
        headerSize + index * entrySize + 32..<headerSize + (index + 1) * entrySize, with: digest)
    }
    sealHeader(&bytes)
  }

  static func sealHeader(_ bytes: inout [UInt8]) {
    bytes.replaceSubrange(48..<80, with: [UInt8](repeating: 0, count: 32))
    let end = headerSize + sectionCount(bytes) * entrySize
    bytes.replaceSubrange(48..<80, with: SHA256.digest(of: Array(bytes[..<end])).bytes)
  }
}

/// The file of a plan with its weights.
func encode(_ plan: Plan, _ weights: [UInt8]) throws -> [UInt8] {
  try unsafe weights.withUnsafeBytes {
    try unsafe PlanCodec.encode(plan, weights: plan.weights.isEmbedded ? $0 : nil)
  }
}

/// Encodes without caring for the weights' digest: for plans made wrong on purpose.
func failure(_ body: () throws -> Void) -> PlanFormatError? {
  do {
    try body()
    return nil
  } catch {
    return error as? PlanFormatError
  }
}
