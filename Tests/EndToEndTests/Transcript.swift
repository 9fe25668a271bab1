import TaperBase
import TestSupport
import Testing

/// Runs of the command line as text: arguments, exit code, standard output ("| ") and standard error ("! ").
struct Transcript {
  let taper = TaperProgram()
  private var text = ""

  /// Runs a program of this package and writes down what it says.
  /// - Parameter masksNumbers: Numbers come from a calibration or a measurement and may differ between machines.
  @discardableResult
  mutating func run(
    _ arguments: [String], program: String = "taper", input: String = "",
    environment: [String: String] = [:], masksNumbers: Bool = false
  ) -> ChildProcess {
    let run = ChildProcess.run(
      ChildProcess.product(program), arguments, input: input, environment: environment)
    let variables = environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value) " }.joined()
    let command = arguments.map { $0.isEmpty || $0.contains(" ") ? "'\($0)'" : $0 }.joined(separator: " ")
    text += "\(neutral("$ \(variables)\(program) \(command)"))\nexit \(run.exitCode)\n"
    for (mark, stream) in [("|", run.output), ("!", run.errors)] {
      for line in stream.split(separator: "\n", omittingEmptySubsequences: false).dropLast(
        stream.hasSuffix("\n") ? 1 : 0)
      where !stream.isEmpty {
        // The options of a command are its help's matter.
        if line.hasPrefix("Usage: ") || line.hasPrefix("Help: ") { break }
        // Only on CPUs that are newer than the OpenBLAS here.
        if line.hasPrefix("warning: OpenBLAS takes this CPU for ") { continue }
        text += "\(mark) \(masksNumbers ? masked(neutral(String(line))) : neutral(String(line)))\n"
      }
    }
    text += "\n"
    return run
  }

  /// Compares with the committed transcript.
  func expectGolden(_ name: String, location: SourceLocation = #_sourceLocation) {
    let difference = Golden.difference(text, from: TestFile.fixture("transcripts/\(name).txt"))
    #expect(difference == nil, sourceLocation: location)
  }

  /// Without what differs from checkout to checkout.
  private func neutral(_ line: String) -> String {
    line.replacing(taper.folder.path + "/", with: "").replacing(taper.folder.path, with: ".")
      .replacing(TaperProgram.model(""), with: "").replacing(
        TaperProgram.referenceDevice, with: "reference.json"
      )
      .replacing(TaperVersion.current, with: "VERSION")
      .replacing(/\b[0-9a-f]{12,64}\b/, with: "DIGEST")
  }

  private func masked(_ line: String) -> String {
    line.replacing(/[0-9][0-9.]*/, with: "#").replacing(#/ +/#, with: " ")
  }
}
