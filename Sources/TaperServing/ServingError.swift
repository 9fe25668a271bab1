import TaperBase
public import TaperJSON
public import TaperPlanRuntime
public import TaperTokenization

/// Why a plan cannot answer texts, or why a line of input cannot be answered. `line` counts from 1.
public enum ServingError: Error, Sendable {
  case plan(RuntimeError)
  /// An option that this plan, or another option, does not go with.
  case option(String, expected: String, _ found: String)
  case tokenizer(TokenizerError)
  case notUTF8(line: Int)
  /// The input is in another encoding altogether.
  case notUTF8Input(encoding: String)
  /// `isRaw`: it does not begin as a JSON line does.
  case notJSON(line: Int, JSONError, isRaw: Bool)
  case notAText(line: Int, found: String)
  case lineTooLong(line: Int, limit: Int)
  /// Documents to rank, and the model does not give one score to a pair of texts.
  case notAReranker(line: Int)
  /// A query alone, and the model has no vectors of queries apart.
  case queryWithoutDocuments(line: Int)
  /// Two texts, and the model gives one vector a text.
  case pairForEmbedding(line: Int)
  /// The special tokens alone exceed the plan's maximum length.
  case noRoom(line: Int, specialTokens: Int, maximum: Int)
  /// Too little of a chunk is left to the text that is to be cut.
  case noRoomForChunks(line: Int, maximum: Int)
  case input(line: Int, RuntimeError)
  /// So many of the result's numbers are NaN or infinite, so that the result says nothing.
  case notFinite(line: Int, count: Int, of: Int)
  /// Lines of the input that could not be answered; an error stands in the place of each.
  case linesFailed(Int, of: Int)
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
    case .canariesDiffer, .linesFailed: 1
    case .tokenizer, .notUTF8, .notUTF8Input, .notFinite, .pairForEmbedding, .notAReranker,
      .queryWithoutDocuments, .notJSON,
      .notAText,
      .lineTooLong, .noRoom, .noRoomForChunks,
      .noCanaries:
      65
    case .option, .cannotReadInput, .cannotWriteOutput: 64
    }
  }

  /// Whether other lines can be answered all the same.
  var isOfOneLine: Bool {
    switch self {
    case .notUTF8, .notJSON, .notAText, .lineTooLong, .noRoom, .noRoomForChunks, .input, .notFinite,
      .pairForEmbedding,
      .notAReranker, .queryWithoutDocuments:
      true
    case .plan, .option, .tokenizer, .notUTF8Input, .linesFailed, .noCanaries, .canariesDiffer,
      .cannotReadInput,
      .cannotWriteOutput:
      false
    }
  }
}

extension ServingError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .plan(let error): "\(error)"
    case .option(let name, let expected, let found): "\(name): expected \(expected); found \(found)"
    case .tokenizer(let error): "the plan's tokenizer: \(error)"
    case .noCanaries:
      "--check: expected canary examples in the plan; found none; plan again with this version, or run without --check"
    case .canariesDiffer(let failed, let count, let difference, let tolerance):
      "--check: expected every canary answer within \(tolerance) of the plan's; found \(failed) of \(count) further off, by "
        + "\(difference) at most; do not deploy this plan here"
    case .notUTF8(let line): "line \(line) is not UTF-8; convert the input"
    case .notUTF8Input(let encoding):
      "the input is \(encoding), expected UTF-8; convert it: iconv -f \(encoding) -t UTF-8"
    case .notJSON(let line, _, isRaw: true):
      "line \(line): expected a JSON string or object; found other text; read lines of raw text with --plain, and "
        + "write a table's text column as such lines first"
    case .notJSON(let line, let error, isRaw: false):
      "line \(line): \(error); mend the line, or go on past such lines with --on-error report"
    case .notAText(let line, let found):
      "line \(line): expected a JSON string, an object with a string \"text\" (and \"text_pair\"), or one with \"query\" and "
        + "\"documents\"; found \(found)"
    case .notAReranker(let line):
      "line \(line): expected a text; found \"documents\", which only a model that gives a pair of texts one score can rank"
    case .queryWithoutDocuments(let line):
      "line \(line): expected \"text\", or \"query\" with \"documents\"; found a \"query\" alone, which only a "
        + "model of token vectors takes apart from documents"
    case .pairForEmbedding(let line):
      "line \(line): expected one text, of which this model makes a vector; found \"text_pair\" too; give each text a line "
        + "of its own"
    case .lineTooLong(let line, let limit): "line \(line) is longer than \(limit) bytes; split the text"
    case .noRoom(let line, let specialTokens, let maximum):
      "line \(line): the text's \(specialTokens) special tokens do not fit the plan's maximum length of \(maximum); "
        + "plan with a larger --max-length"
    case .noRoomForChunks(let line, let maximum):
      "line \(line): the prompt or the first text of the pair leaves less than an eighth of the plan's \(maximum) "
        + "tokens to the text that is to be cut in chunks; shorten it, or plan with a larger --max-length"
    case .input(let line, let error): "line \(line): \(error)"
    case .notFinite(let line, let count, let all):
      "line \(line): \(count) of the model's \(all) results are NaN or infinite, so there is no answer: the model's numbers "
        + "leave f32's range on this text; its weights may be damaged, or the plan's precision too low for them"
    case .linesFailed(let count, let all):
      "\(count) of \(all) lines could not be answered; the output has an \"error\" in the place of each"
    case .cannotReadInput(let code): "cannot read the input: \(SystemCall.text(code))"
    case .cannotWriteOutput(let code): "cannot write the output: \(SystemCall.text(code))"
    }
  }
}
