import TaperPlanFormat
import TaperServing

/// The command line. Parsed by hand, because an argument library would be larger than the rest of the program.
struct Arguments: Equatable {
  var plan: String
  var answers = AnswerOptions()
  var input: String?
  var weights: String?
  var onError = LineErrorPolicy.stop
  var isPlain = false
  var isChecked = false
  var isStrict = false
  var isPrefaulted = false
  var isLocked = false

  enum Command: Equatable {
    case run(Arguments)
    case help
    case version
  }

  static let usage = """
    usage: taper-run PLAN [--input FILE] [--plain] [--threads N] [--top-k K] [--weights FILE]
                     [--dimensions D] [--prompt NAME | --no-prompt] [--long WAY [--overlap N]] [--aggregate WAY]
                     [--on-error stop|report] [--strict] [--check] [--prefault] [--lock]

    Answers texts with a plan: one text per line in, one JSON object per line out.

      PLAN            a plan file; its weights file is expected in the same folder
      --input FILE    read lines from FILE instead of standard input ("-")
      --plain         lines are raw text; otherwise JSON strings, or objects with "text" and optionally "text_pair"
      --threads N     workers (default: as many as the plan was made for, at most one per CPU)
      --top-k K       print only the K largest scores, largest first
      --dimensions D  only the first D numbers of a vector, normalised again
      --prompt NAME   the model's prompt of this name goes before every text, instead of its default one
      --no-prompt     no prompt goes before the texts
      --long WAY      texts longer than the plan takes: truncate-right or truncate-left (default: as the model's
                      tokenizer does), or in chunks whose answers are joined: chunk-mean, chunk-max
      --overlap N     tokens that neighbouring chunks share (default: an eighth of the plan's longest input)
      --aggregate WAY of tokens' labels entities, as transformers does it: simple, first, average, max
      --on-error stop|report
                      when a line cannot be answered: stop (the default), or report an error in its place, go on, and
                      exit 1 at the end
      --weights FILE  the weights file, if it is not in the plan's folder
      --strict        exit 4 when this CPU lacks the tier that the plan's predictions are for
      --check         run the plan's canary examples first; exit 1 when an answer differs
      --prefault      read all weights into memory before the first answer
      --lock          read all weights and keep them in memory
      --help, --version
    exit codes: 0 ok, 1 a canary example differs (--check) or a line had no answer (--on-error report), 4 the plan
                does not fit this device, 64 usage, 65 bad or corrupt data
    """

  static func parse(_ words: [String]) throws(Failure) -> Command {
    var found = Arguments(plan: "")
    var plans: [String] = []
    var prompts: [PromptChoice] = []
    var rest = words[...]
    var areOptionsOver = false

    func value(_ option: String, _ inline: String?) throws(Failure) -> String {
      if let inline { return inline }
      guard let next = rest.popFirst() else { throw .usage("\(option): expected a value") }
      return next
    }
    func count(_ option: String, _ inline: String?, minimum: Int = 1) throws(Failure) -> Int {
      let text = try value(option, inline)
      guard let number = Int(text), number >= minimum else {
        throw .usage("\(option): expected a number of \(minimum) or more, found \"\(text)\"")
      }
      return number
    }

    func choice<Word: RawRepresentable<String> & CaseIterable>(
      _ option: String, _ inline: String?
    ) throws(Failure) -> Word {
      let text = try value(option, inline)
      guard let word = Word(rawValue: text) else {
        let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
        throw .usage("\(option): expected one of \(words); found \"\(text)\"")
      }
      return word
    }

    while let word = rest.popFirst() {
      guard word.hasPrefix("-"), word != "-", !areOptionsOver else {
        plans.append(word)
        continue
      }
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let inline = parts.count > 1 ? String(parts[1]) : nil
      switch String(parts[0]) {
      case "--help" where inline == nil, "-h" where inline == nil: return .help
      case "--version" where inline == nil: return .version
      case "--plain" where inline == nil: found.isPlain = true
      case "--check" where inline == nil: found.isChecked = true
      case "--strict" where inline == nil: found.isStrict = true
      case "--prefault" where inline == nil: found.isPrefaulted = true
      case "--lock" where inline == nil: found.isLocked = true
      case "--" where inline == nil: areOptionsOver = true
      case "--threads": found.answers.threads = try count("--threads", inline)
      case "--top-k": found.answers.topK = try count("--top-k", inline)
      case "--no-prompt" where inline == nil: prompts.append(.none)
      case "--prompt": prompts.append(.named(try value("--prompt", inline)))
      case "--long": found.answers.longTexts = LongTexts(try choice("--long", inline))
      case "--overlap": found.answers.overlap = try count("--overlap", inline, minimum: 0)
      case "--aggregate": found.answers.aggregation = try choice("--aggregate", inline)
      case "--on-error": found.onError = try choice("--on-error", inline)
      case "--dimensions": found.answers.dimensions = try count("--dimensions", inline)
      case "--input": found.input = try value("--input", inline)
      case "--weights": found.weights = try value("--weights", inline)
      default: throw .usage("unknown option \(word)")
      }
    }
    if let first = prompts.first, prompts.contains(where: { $0 != first }) {
      throw .usage("--prompt, --no-prompt: expected one of them; found both, or two names")
    }
    found.answers.prompt = prompts.first ?? .modelDefault
    guard plans.count == 1 else {
      throw .usage(
        plans.isEmpty ? "expected a plan file, found none" : "expected one plan file, found \(plans.count)")
    }
    found.plan = plans[0]
    return .run(found)
  }
}
