import TaperBase
public import TaperJSON
public import TaperPlanRuntime
public import TaperTokenization

/// Why a plan cannot answer texts, or why a line of input cannot be answered. `line` counts from 1.
public enum ServingError: Error, Sendable {
  case plan(RuntimeError)
  case tokenizer(TokenizerError)
  case notUTF8(line: Int)
  case notJSON(line: Int, JSONError)
  case notAText(line: Int, found: String)
  case lineTooLong(line: Int, limit: Int)
  /// The special tokens alone exceed the plan's maximum length.
  case noRoom(line: Int, specialTokens: Int, maximum: Int)
  case input(line: Int, RuntimeError)
  /// A check was requested, but the plan has no canary examples.
  case noCanaries
  /// Canary examples whose answers differ by more than their tolerance; the largest difference and its tolerance.
  case canariesDiffer(failed: Int, of: Int, difference: Float, tolerance: Float)
  case cannotReadInput(errno: Int32)
  case cannotWriteOutput(errno: Int32)
}

extension ServingError {
  /// The documented exit code that fits (`taper --help`).
  public var exitCode: Int32 {
    switch self {
    case .plan(let error), .input(_, let error): error.exitCode
    case .canariesDiffer: 1
    case .tokenizer, .notUTF8, .notJSON, .notAText, .lineTooLong, .noRoom, .noCanaries: 65
    case .cannotReadInput, .cannotWriteOutput: 64
    }
  }
}

extension ServingError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .plan(let error): "\(error)"
    case .tokenizer(let error): "the plan's tokenizer: \(error)"
    case .noCanaries:
      "--check: expected canary examples in the plan; found none; plan again with this version, or run without --check"
    case .canariesDiffer(let failed, let count, let difference, let tolerance):
      "--check: expected every canary answer within \(tolerance) of the plan's; found \(failed) of \(count) further off, by "
        + "\(difference) at most; do not deploy this plan here"
    case .notUTF8(let line): "line \(line) is not UTF-8; convert the input"
    case .notJSON(let line, let error): "line \(line): \(error); for raw lines of text use --plain"
    case .notAText(let line, let found):
      "line \(line): expected a JSON string, or an object with a string \"text\" (and \"text_pair\"); found \(found)"
    case .lineTooLong(let line, let limit): "line \(line) is longer than \(limit) bytes; split the text"
    case .noRoom(let line, let specialTokens, let maximum):
      "line \(line): the text's \(specialTokens) special tokens do not fit the plan's maximum length of \(maximum); "
        + "plan with a larger --max-length"
    case .input(let line, let error): "line \(line): \(error)"
    case .cannotReadInput(let code): "cannot read the input: \(SystemCall.text(code))"
    case .cannotWriteOutput(let code): "cannot write the output: \(SystemCall.text(code))"
    }
  }
}
