extension String {
  /// The text in lines of at most `columns` characters, broken between words where possible. Lines after the first are
  /// indented by `indent` more characters.
  package func wrapped(_ columns: Int, indent: Int) -> [String] {
    guard count > columns else { return [self] }
    var lines: [String] = []
    var line = ""
    var isFresh = true
    for word in split(separator: " ", omittingEmptySubsequences: false) {
      if !isFresh, line.count + 1 + word.count > columns {
        lines.append(line)
        line = String(repeating: " ", count: indent) + word
      } else {
        line += (isFresh ? "" : " ") + word
      }
      isFresh = false
    }
    return lines + [line]
  }
}
