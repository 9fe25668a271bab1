import TaperPlanFormat

/// The first eight hexadecimal digits of a digest.
func short(_ digest: Digest) -> String { String(digest.hex.prefix(8)) }

extension String {
  func leftAligned(_ width: Int) -> String {
    self + String(repeating: " ", count: Swift.max(0, width - count))
  }
  func rightAligned(_ width: Int) -> String {
    String(repeating: " ", count: Swift.max(0, width - count)) + self
  }
}
