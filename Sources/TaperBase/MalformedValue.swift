/// A value in a section that no writer writes.
public enum MalformedValue: Hashable, Sendable {
  case boolean
  case float
  case utf8
  case enumeration
  case trailingBytes
  case count

  package var expectation: String {
    switch self {
    case .boolean: "0 or 1"
    case .float: "a finite number (and no negative zero)"
    case .utf8: "a string of valid UTF-8"
    case .enumeration: "one of the listed cases"
    case .trailingBytes: "the section's end"
    case .count: "a count that fits the format"
    }
  }
}
