import Glibc
import TaperBase
import TaperPlanFormat
import TaperPlanRuntime
import TaperServing

/// The lean runner for edge boxes: a plan in, JSON lines in and out. Without Foundation, an argument library and
/// everything that `taper` does besides running plans.
@main
struct TaperRun {
  static func main() {
    do throws(Failure) {
      switch try Arguments.parse(Array(CommandLine.arguments.dropFirst())) {
      case .help: print(Arguments.usage)
      case .version: print("taper-run \(TaperVersion.current)")
      case .run(let arguments): try run(arguments)
      }
    } catch {
      report(error.message)
      exit(error.exitCode)
    }
  }

  private static func run(_ arguments: Arguments) throws(Failure) {
    // A reader that goes away ends the run with an error message instead of a signal.
    _ = signal(SIGPIPE, SIG_IGN)
    var input: Int32 = STDIN_FILENO
    if let path = arguments.input, path != "-" {
      input = unsafe open(path, O_RDONLY | O_CLOEXEC)
      guard input >= 0 else {
        throw Failure(message: "cannot read \(path): \(SystemCall.text(errno))", exitCode: 64)
      }
    }
    let loaded: LoadedPlan
    do throws(RuntimeError) {
      try KernelTier.checkCap()
      loaded = try LoadedPlan(
        path: arguments.plan, weightsPath: arguments.weights,
        residency: arguments.isLocked ? .lock : arguments.isPrefaulted ? .prefault : [])
      if let missing = loaded.missingTier {
        if arguments.isStrict { throw missing }
        report("warning: \(missing)")
      }
    } catch {
      throw Failure(message: "\(error)", exitCode: error.exitCode)
    }
    do throws(ServingError) {
      var runner = try TextRunner(loaded, arguments.answers)
      if arguments.isChecked { try runner.check() }
      try runner.answerLines(
        from: input, to: STDOUT_FILENO, plain: arguments.isPlain, onError: arguments.onError)
    } catch {
      throw Failure(message: "\(error)", exitCode: error.exitCode)
    }
  }

  private static func report(_ message: String) {
    _ = SystemCall.write(Array("taper-run: \(message)\n".utf8), to: STDERR_FILENO)
  }
}

/// Ends the program: a message for standard error, and the documented exit code.
struct Failure: Error {
  var message: String
  var exitCode: Int32

  /// A command line that cannot be parsed.
  static func usage(_ message: String) -> Failure {
    Failure(message: message + "\n" + Arguments.usage, exitCode: 64)
  }
}
