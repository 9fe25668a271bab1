import Glibc
import TaperBase
import TaperReportRendering

/// Standard output and standard error.
enum Console {
  /// Ends the line where the text does not.
  static func print(_ text: String) { write(text.hasSuffix("\n") ? text : text + "\n", to: STDOUT_FILENO) }

  /// For people as wide as the terminal, or as JSON.
  static func print(_ report: Report, json: Bool, pretty: Bool = true) {
    print(
      json
        ? JSONRenderer.render(report, pretty: pretty)
        : TextRenderer.render(report, color: isColored, columns: columns))
  }

  static func writeError(_ text: String) { write(text, to: STDERR_FILENO) }

  static func note(_ text: String) { writeError(text + "\n") }

  /// Whether colours are wanted on standard output: a terminal, and NO_COLOR unset.
  static var isColored: Bool { isatty(STDOUT_FILENO) == 1 && !Environment.has("NO_COLOR") }

  /// Characters a line of standard output has room for; of what is no terminal, more than any output needs.
  static var columns: Int {
    var size = winsize()
    guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return .max }
    return Int(size.ws_col)
  }

  private static func write(_ text: String, to descriptor: Int32) {
    // When nobody reads any more (a closed pipe), there is no one left to tell.
    _ = SystemCall.write(Array(text.utf8), to: descriptor)
  }
}

enum Environment {
  static func has(_ name: String) -> Bool { unsafe getenv(name) != nil }

  static func value(_ name: String) -> String? { unsafe getenv(name).map { unsafe String(cString: $0) } }
}
