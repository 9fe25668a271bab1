/// The encoding that the first bytes of a text stand for, where it is not UTF-8 without a mark.
///
/// UTF-16 and UTF-32 are told by their byte order mark or, since texts here begin with an ASCII character, by the zero
/// bytes beside it.
package enum TextEncodingMark {
  case utf8
  /// Named as `iconv` names it.
  case other(String)

  /// UTF-8's byte order mark.
  package static let utf8Bytes: [UInt8] = [0xEF, 0xBB, 0xBF]

  /// - Parameter start: the text's first four bytes, or all of a shorter one.
  /// - Returns: nil for UTF-8 without a mark, and for what cannot be told.
  package init?(_ start: some Collection<UInt8>) {
    let start = Array(start.prefix(4))
    switch (start.count, start.first) {
    case (4, 0xFF) where start == [0xFF, 0xFE, 0, 0]: self = .other("UTF-32")
    case (4, 0) where start == [0, 0, 0xFE, 0xFF]: self = .other("UTF-32")
    case (2..., 0xFF) where start[1] == 0xFE: self = .other("UTF-16")
    case (2..., 0xFE) where start[1] == 0xFF: self = .other("UTF-16")
    case (4, let first?) where first != 0 && start.dropFirst().elementsEqual([0, 0, 0]):
      self = .other("UTF-32LE")
    case (4, 0) where start.dropLast().elementsEqual([0, 0, 0]) && start[3] != 0: self = .other("UTF-32BE")
    case (2..., let first?) where first != 0 && start[1] == 0: self = .other("UTF-16LE")
    case (2..., 0) where start[1] != 0: self = .other("UTF-16BE")
    case (3..., 0xEF) where start.starts(with: Self.utf8Bytes): self = .utf8
    default: return nil
    }
  }
}
