import ArgumentParser
import TaperCalibration
import TaperPlanFormat
import TaperPlanner
import TaperWorkflow

/// A value on the command line that the parser does not know by itself; a refusal says what was expected.
protocol ArgumentWord: SendableMetatype {
  associatedtype Value
  static var expectation: String { get }
  static func value(of argument: String) -> Value?
}

extension ArgumentWord {
  fileprivate static func parse(_ argument: String) throws -> Value {
    guard let value = value(of: argument) else { throw ValidationError("expected \(expectation)") }
    return value
  }
}

/// The word after such an option is its value even when it begins with a dash: -1 is a wrong number, not an option.
extension Option {
  init<Word: ArgumentWord>(_ word: Word.Type, help: ArgumentHelp) where Value == Word.Value? {
    self.init(parsing: .unconditional, help: help, transform: { try word.parse($0) })
  }

  init<Word: ArgumentWord>(wrappedValue: Word.Value, _ word: Word.Type, help: ArgumentHelp)
  where Value == Word.Value {
    self.init(
      wrappedValue: wrappedValue, parsing: .unconditional, help: help, transform: { try word.parse($0) })
  }
}

// MARK: Words of the command line

/// "acc,depth": methods.
enum Methods: ArgumentWord {
  static let expectation =
    "methods, each once, of " + CompileMethod.Name.allCases.map(\.rawValue).joined(separator: ", ")

  static func value(of argument: String) -> [CompileMethod.Name]? {
    let names = argument.split(separator: ",", omittingEmptySubsequences: false)
      .map { CompileMethod.Name(rawValue: String($0)) }
    let known = names.compactMap(\.self)
    return known.count < names.count || Set(known).count < names.count ? nil : known
  }
}

/// "acc" or a number: the elimination profile's decay.
enum Decay: ArgumentWord, Equatable, CustomStringConvertible {
  case calibrated
  case fixed(Double)

  static let expectation = "acc, or a number from 0 to 10"

  static func value(of argument: String) -> Decay? {
    ValueText.decay(argument).map { $0.map(Decay.fixed) ?? .calibrated }
  }

  var number: Double? {
    if case .fixed(let decay) = self { decay } else { nil }
  }

  var description: String { number.map { "\($0)" } ?? "acc" }
}

// MARK: Numbers

enum Count: ArgumentWord {
  static let expectation = "a whole number of at least 1"
  static func value(of argument: String) -> Int? { ValueText.count(argument) }
}

enum WholeNumber: ArgumentWord {
  static let expectation = "a whole number of at least 0"
  static func value(of argument: String) -> Int? { ValueText.wholeNumber(argument) }
}

enum Latency: ArgumentWord {
  static let expectation = "a time above zero with its unit: 5ms, 800us"
  static func value(of argument: String) -> Nanoseconds? { ValueText.time(argument) }
}

enum Deadlines: ArgumentWord {
  static let expectation = """
    a time above zero with its unit (5ms, 800us), or one for each of ascending lengths: 64:2ms,256:8ms; then, if not \
    for the median, @p90, @p99 or @p99.9
    """
  static func value(of argument: String) -> TimeLimits? { ValueText.deadlines(argument) }
}

enum Minutes: ArgumentWord {
  static let expectation = "minutes above 0, at most a million: 90"

  static func value(of argument: String) -> Double? {
    guard let minutes = Double(argument), minutes > 0, minutes <= 1e6 else { return nil }
    return minutes
  }
}

enum Rate: ArgumentWord {
  static let expectation = "texts a second, above zero: 400/s"
  static func value(of argument: String) -> Double? { ValueText.rate(argument) }
}

enum Size: ArgumentWord {
  static let expectation = "an amount of memory above zero with its unit: 4MiB, 800KB"
  static func value(of argument: String) -> Bytes? { ValueText.size(argument) }
}

enum Speedup: ArgumentWord {
  static let expectation = "a factor of at least 1, at most a million: 3x"
  static func value(of argument: String) -> Double? { ValueText.factor(argument) }
}

enum Factors: ArgumentWord {
  static let expectation = "ascending factors above 1: 1.5,2,3"

  static func value(of argument: String) -> [Double]? {
    let factors = argument.split(separator: ",", omittingEmptySubsequences: false).map {
      ValueText.factor(String($0))
    }
    let known = factors.compactMap(\.self)
    guard !known.isEmpty, known.count == factors.count, known[0] > 1,
      zip(known, known.dropFirst()).allSatisfy(<)
    else { return nil }
    return known
  }
}

/// Of all.
enum Portion: ArgumentWord {
  static let expectation = "a percentage with its sign, at most 100%: 95%"
  static func value(of argument: String) -> Double? {
    ValueText.share(argument).flatMap { $0 <= 1 ? $0 : nil }
  }
}

enum Share: ArgumentWord {
  static let expectation = "a percentage with its sign: 0.75%"
  static func value(of argument: String) -> Double? { ValueText.share(argument) }
  static func text(_ share: Double) -> String { ValueText.text(share: share) }
}

enum Lengths: ArgumentWord {
  static let expectation = "input lengths, each from 1 to 65535 tokens: 16,32,64"
  static func value(of argument: String) -> [Int]? { ValueText.lengths(argument) }
}

enum KeepCounts: ArgumentWord {
  static let expectation = "tokens kept after each layer, from 1 to 65535, never rising: 256,64,64,64"
  static func value(of argument: String) -> [Int]? { ValueText.keepCounts(argument) }
}

/// Options for commands that read labelled or unlabelled texts.
struct TextOptions: ParsableArguments {
  @Option(help: "Texts: a .jsonl, .csv, .tsv (GLUE style) or .tab file.")
  var data: String
  @OptionGroup var reading: DataOptions
}

/// How files of texts are read.
struct DataOptions: ParsableArguments {
  @Flag(help: "Go on past rows that cannot be read, and count them.") var skipBad = false
  @Option(help: "The column, or JSON key, of the text (default: by its name).") var textColumn: String?
  @Option(help: "… of the second text of a pair.") var pairColumn: String?
  @Option(help: "… of the label.") var labelColumn: String?
  @Flag(help: "Pass over the labels.") var noLabels = false
  @Option(help: "A label that means none (repeatable; default: -, and -1 among classes from 0).")
  var unlabelled: [String] = []
  @Option(help: "The texts' encoding, as iconv names it: latin1, utf-16 (default: UTF-8).")
  var encoding: String?
  @Option(help: "The texts' format, where the file's name does not say it.") var dataFormat: DatasetFormat?

  func options(requiresLabels: Bool) -> DatasetOptions {
    DatasetOptions(
      format: dataFormat, encoding: encoding, textColumn: textColumn, pairColumn: pairColumn,
      labelColumn: labelColumn, ignoresLabels: noLabels,
      unlabelled: unlabelled.isEmpty ? nil : Set(unlabelled),
      requiresLabels: requiresLabels, skipsBad: skipBad)
  }
}

/// Which of an embedder's prompts goes before the texts.
struct PromptOptions: ParsableArguments {
  @Option(help: "The model's prompt of this name goes before every text (default: the model's own default).")
  var prompt: String?
  @Flag(help: "No prompt goes before the texts.") var noPrompt = false

  func validate() throws {
    guard prompt == nil || !noPrompt else {
      throw ValidationError("--prompt, --no-prompt: expected one of them; found both")
    }
  }

  var choice: PromptChoice {
    if noPrompt { return .none }
    return prompt.map { .named($0) } ?? .modelDefault
  }

  /// - Throws: when the model has no prompt of that name.
  func choose(from prompts: Prompts) throws -> Prompts {
    guard let chosen = prompts.choosing(choice) else {
      throw CommandError.usage(
        "--prompt: expected one of the model's prompts (\(prompts.names)); found \"\(prompt ?? "")\"")
    }
    return chosen
  }
}
