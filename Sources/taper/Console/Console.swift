import Glibc
import TaperBase
import TaperReportRendering

/// Standard output and standard error.
enum Console {
  /// Ends the line where the text does not.
  /// - Throws: `cannotWrite`, on a full disk for one; half a result must not pass for a whole one.
  static func print(_ text: String) throws(CommandError) {
    let code = write(text.hasSuffix("\n") ? text : text + "\n", to: STDOUT_FILENO)
    guard code == 0 else { throw .cannotWrite(errno: code) }
  }

  /// For people as wide as the terminal, or as JSON.
  static func print(_ report: Report, json: Bool, pretty: Bool = true) throws(CommandError) {
    try print(
      json
        ? JSONRenderer.render(report, pretty: pretty)
        : TextRenderer.render(report, color: isColored, columns: columns))
  }

  /// A failure is ignored: there is nowhere left to tell it.
  static func writeError(_ text: String) { _ = write(text, to: STDERR_FILENO) }

  static func note(_ text: String) { writeError(text + "\n") }

  /// Whether colours are wanted on standard output: a terminal, and NO_COLOR unset.
  static var isColored: Bool { isatty(STDOUT_FILENO) == 1 && !Environment.has("NO_COLOR") }

  /// Characters a line of standard output has room for; of what is no terminal, more than any output needs.
  static var columns: Int {
    var size = winsize()
    guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return .max }
    return Int(size.ws_col)
  }

  private static func write(_ text: String, to descriptor: Int32) -> Int32 {
    SystemCall.write(Array(text.utf8), to: descriptor)
  }
}

enum Environment {
  static func has(_ name: String) -> Bool { unsafe getenv(name) != nil }

  static func value(_ name: String) -> String? { unsafe getenv(name).map { unsafe String(cString: $0) } }
}
