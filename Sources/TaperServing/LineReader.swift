internal import Glibc
internal import TaperBase

/// Reads lines of UTF-8 from a file descriptor, of bounded length, and lets its user answer what has arrived before it
/// waits for more:
///
///     repeat { while let line = try reader.next() { … } } while try reader.fill()
///
/// A byte order mark before the first line is skipped; UTF-16 and UTF-32 are refused by name.
public struct LineReader: ~Copyable {
  /// The longest line, in bytes.
  public static var maximumLineBytes: Int { 64 << 20 }

  public enum Line: Equatable, Sendable {
    /// Without its line feed.
    case bytes([UInt8])
    /// Longer than `maximumLineBytes`; skipped.
    case tooLong
  }

  /// Of the line last returned, from 1.
  public private(set) var number = 0
  private let descriptor: Int32
  private let limit: Int
  private var chunk = [UInt8](repeating: 0, count: 1 << 16)
  private var rest: Range<Int> = 0..<0
  private var pending: [UInt8] = []
  private var isSkipping = false
  private var isAtStart = true
  private var isAtEnd = false

  public init(_ descriptor: Int32) { self.init(descriptor, limit: Self.maximumLineBytes) }

  package init(_ descriptor: Int32, limit: Int) {
    self.descriptor = descriptor
    self.limit = limit
  }

  /// The next line that has arrived whole; nil when more must be read. At the input's end, the bytes after the last
  /// line feed are a line as well.
  public mutating func next() throws(ServingError) -> Line? {
    if isAtStart, !isAtEnd, rest.count < 4, !chunk[rest].contains(UInt8(ascii: "\n")) { return nil }
    if isAtStart { try skipMark() }
    while !rest.isEmpty {
      let end = chunk[rest].firstIndex(of: UInt8(ascii: "\n"))
      let found = rest.lowerBound..<(end ?? rest.upperBound)
      if !isSkipping { pending.append(contentsOf: chunk[found]) }
      rest = end.map { $0 + 1..<rest.upperBound } ?? rest.upperBound..<rest.upperBound
      if pending.count > limit {
        pending = []
        isSkipping = true
      }
      if end != nil { return take() }
    }
    return isAtEnd && (isSkipping || !pending.isEmpty) ? take() : nil
  }

  private mutating func take() -> Line {
    number += 1
    defer {
      pending.removeAll(keepingCapacity: pending.count <= 1 << 16)
      isSkipping = false
    }
    return isSkipping ? .tooLong : .bytes(pending)
  }

  /// Waits for more; false once `next` has returned the input's last line.
  public mutating func fill() throws(ServingError) -> Bool {
    guard !isAtEnd else { return false }
    // The first four bytes are looked at together.
    let kept = isAtStart ? rest.count : 0
    let start = rest.lowerBound
    if kept > 0 { for offset in 0..<kept { chunk[offset] = chunk[start + offset] } }
    let count = unsafe chunk.withUnsafeMutableBytes {
      unsafe SystemCall.read(descriptor, into: UnsafeMutableRawBufferPointer(rebasing: $0[kept...]))
    }
    guard count >= 0 else { throw .cannotReadInput(errno: errno) }
    rest = 0..<kept + count
    isAtEnd = count == 0
    return true
  }

  private mutating func skipMark() throws(ServingError) {
    isAtStart = false
    switch TextEncodingMark(chunk[rest].prefix(4)) {
    case .utf8: rest = rest.lowerBound + TextEncodingMark.utf8Bytes.count..<rest.upperBound
    case .other(let encoding): throw .notUTF8Input(encoding: encoding)
    case nil: break
    }
  }
}
