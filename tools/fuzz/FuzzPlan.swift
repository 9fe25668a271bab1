import TaperPlanFormat

/// Runs the plan reader twice on every input: as it is, and with correct magic, sizes and digests, to reach the
/// decoders and the validator. An accepted plan must render, and must encode to the bytes it was read from.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzPlan(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  var bytes = [UInt8](UnsafeBufferPointer(start: start, count: count))
  read(bytes)
  if seal(&bytes) { read(bytes) }
  return 0
}

private func read(_ bytes: [UInt8]) {
  do throws(PlanFormatError) {
    let (plan, weights) = try PlanReader.read(bytes)
    precondition(!PlanText.render(plan).isEmpty)
    guard isOfThisVersion(bytes) else { return }
    let again: [UInt8]
    do {
      again = try (weights.map { Array(bytes[$0]) } ?? []).withUnsafeBytes {
        try PlanCodec.encode(plan, weights: weights == nil ? nil : $0)
      }
    } catch {
      return  // the weights' digest does not match the index, which the reader does not verify
    }
    precondition(again == bytes, "accepted, but not canonical")
  } catch {
    precondition(!error.description.isEmpty)
  }
}

private func number(_ bytes: [UInt8], _ at: Int, _ count: Int) -> Int {
  (0..<count).reduce(0) { $0 | Int(truncatingIfNeeded: UInt64(bytes[at + $1]) << UInt64(8 * $1)) }
}

private let newestMinor = 2

/// Whether nothing in the container is of a later version: only then is its encoding unique.
private func isOfThisVersion(_ bytes: [UInt8]) -> Bool {
  guard number(bytes, 16, 2) == 1, number(bytes, 18, 2) <= newestMinor else { return false }
  let known = Set(Array(1...14) + [0xFFFF])
  return (0..<number(bytes, 28, 4)).allSatisfy { known.contains(number(bytes, 96 + $0 * 64, 4)) }
}

/// Corrects magic, versions (a valid minor version is kept), file size and digests, as far as the input is long enough.
private func seal(_ bytes: inout [UInt8]) -> Bool {
  guard bytes.count >= 96 else { return false }
  bytes.replaceSubrange(
    0..<16, with: [0x89, 0x54, 0x41, 0x50, 0x45, 0x52, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 0, 0, 0])
  let minor = bytes[18] % UInt8(newestMinor + 1)
  bytes.replaceSubrange(16..<28, with: [1, 0, minor, 0, 1, 0, minor, 0, 96, 0, 0, 0])
  for i in 0..<8 { bytes[40 + i] = UInt8(truncatingIfNeeded: bytes.count >> (8 * i)) }
  let sections = number(bytes, 28, 4)
  guard sections <= 256, 96 + sections * 64 <= bytes.count else { return false }
  for section in 0..<sections {
    let entry = 96 + section * 64
    let offset = number(bytes, entry + 8, 8)
    let size = number(bytes, entry + 16, 8)
    guard number(bytes, entry, 4) != 0xFFFF, offset >= 0, size >= 0, offset <= bytes.count,
      size <= bytes.count - offset
    else { continue }
    let digest = SHA256.digest(of: Array(bytes[offset..<offset + size])).bytes
    bytes.replaceSubrange(entry + 32..<entry + 64, with: digest)
  }
  bytes.replaceSubrange(48..<80, with: [UInt8](repeating: 0, count: 32))
  bytes.replaceSubrange(48..<80, with: SHA256.digest(of: Array(bytes[..<(96 + sections * 64)])).bytes)
  return true
}
