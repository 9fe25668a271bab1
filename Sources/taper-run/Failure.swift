/// What ends the program: words for stderr, and the documented exit code.
struct Failure: Error {
  var message: String
  var exitCode: Int32

  /// A command line that cannot be understood.
  static func usage(_ message: String) -> Failure {
    Failure(message: message + "\n" + Arguments.usage, exitCode: 64)
  }
}
