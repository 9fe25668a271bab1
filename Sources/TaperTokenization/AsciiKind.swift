/// What each ASCII character is to the pre-tokenizer; the same as `ScalarProperties` says, found faster.
enum AsciiKind {
  static let other: UInt8 = 0
  static let white: UInt8 = 1
  static let punctuation: UInt8 = 2

  static let table: [UInt8] = (0..<128).map { (code: UInt32) in
    let properties = ScalarProperties(code)
    return properties.isWhiteSpace ? white : properties.isPunctuation ? punctuation : other
  }
}
