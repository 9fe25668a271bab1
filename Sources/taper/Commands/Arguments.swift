import ArgumentParser
import TaperPlanFormat
import TaperPlanner

/// A value on the command line that the parser does not know by itself; what is refused is told what was expected.
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

/// What follows such an option is its value even when it begins with a dash: -1 is a wrong number, not an option.
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

/// "8": how many of something there is one of at least.
enum Count: ArgumentWord {
  static let expectation = "a whole number of at least 1"

  static func value(of argument: String) -> Int? {
    guard let count = Int(argument), (1...Int(Int32.max)).contains(count) else { return nil }
    return count
  }
}

/// "5ms", "800us", "2.5 ms": a duration.
enum Latency: ArgumentWord {
  static let expectation = "a time above zero with its unit: 5ms, 800us"

  static func value(of argument: String) -> Nanoseconds? {
    let units: [(suffix: String, nanoseconds: Double)] = [
      ("ms", 1e6), ("us", 1e3), ("µs", 1e3), ("ns", 1), ("s", 1e9),
    ]
    guard let unit = units.first(where: { argument.hasSuffix($0.suffix) }),
      let value = Double(argument.dropLast(unit.suffix.count)), value * unit.nanoseconds >= 1,
      value * unit.nanoseconds < 1e15
    else { return nil }
    return Nanoseconds(UInt64(value * unit.nanoseconds))
  }

  /// As it would be asked for, in the largest unit of which it is a whole number.
  static func text(_ time: Nanoseconds) -> String {
    let units: [(suffix: String, nanoseconds: UInt64)] = [
      ("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1000), ("ns", 1),
    ]
    let unit = units.first { time.rawValue % $0.nanoseconds == 0 } ?? units[3]
    return "\(time.rawValue / unit.nanoseconds)\(unit.suffix)"
  }
}

/// "5ms", or a time for the lengths up to each of several: "64:2ms,256:8ms"; of a percentile that is not the median:
/// "5ms@p99".
enum Deadlines: ArgumentWord {
  static let expectation = """
    a time above zero with its unit (5ms, 800us), or one for each of ascending lengths: 64:2ms,256:8ms; then, if not for the \
    median, @p90, @p99 or @p99.9
    """

  static func value(of argument: String) -> TimeLimits? {
    let parts = argument.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(
      String.init)
    guard let percentile = parts.count == 1 ? Percentile.p50 : Percentile(name: parts[1]),
      let steps = steps(of: parts[0])
    else { return nil }
    return TimeLimits(steps, at: percentile)
  }

  private static func steps(of argument: String) -> [TimeLimits.Step]? {
    if let time = Latency.value(of: argument) { return [TimeLimits.Step(upTo: .max, time)] }
    var steps: [TimeLimits.Step] = []
    for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
      let words = part.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      guard words.count == 2, let length = Count.value(of: words[0]), let time = Latency.value(of: words[1]),
        length > steps.last?.maximumLength ?? 0
      else { return nil }
      steps.append(TimeLimits.Step(upTo: length, time))
    }
    return steps
  }
}

/// "90", "0.5": minutes.
enum Minutes: ArgumentWord {
  static let expectation = "minutes above 0, at most a million: 90"

  static func value(of argument: String) -> Double? {
    guard let minutes = Double(argument), minutes > 0, minutes <= 1e6 else { return nil }
    return minutes
  }
}

/// "400/s": texts a second.
enum Rate: ArgumentWord {
  static let expectation = "texts a second, above zero: 400/s"

  static func value(of argument: String) -> Double? {
    guard argument.hasSuffix("/s"), let rate = Double(argument.dropLast(2)), rate > 0, rate < 1e9 else {
      return nil
    }
    return rate
  }

  /// As it would be asked for.
  static func text(_ rate: Double) -> String {
    (rate == rate.rounded() ? "\(Int(rate))" : "\(rate)") + "/s"
  }
}

/// "4MiB", "800KB": an amount of memory.
enum Size: ArgumentWord {
  static let expectation = "an amount of memory above zero with its unit: 4MiB, 800KB"

  static func value(of argument: String) -> Bytes? {
    let units: [(suffix: String, bytes: Double)] = [
      ("KiB", 1024), ("MiB", 1_048_576), ("GiB", 1_073_741_824), ("KB", 1e3), ("MB", 1e6), ("GB", 1e9),
      ("B", 1),
    ]
    guard let unit = units.first(where: { argument.hasSuffix($0.suffix) }),
      let value = Double(argument.dropLast(unit.suffix.count)), value * unit.bytes >= 1,
      value * unit.bytes < 1e18
    else { return nil }
    return Bytes(UInt64(value * unit.bytes))
  }
}

/// "3x" or "3": a factor of at least one.
enum Speedup: ArgumentWord {
  static let expectation = "a factor of at least 1, at most a million: 3x"

  static func value(of argument: String) -> Double? {
    guard let value = Double(argument.hasSuffix("x") ? argument.dropLast() : argument[...]), value >= 1,
      value <= 1e6
    else { return nil }
    return value
  }
}

/// "1.5,2,3x": factors above one, ascending.
enum Factors: ArgumentWord {
  static let expectation = "ascending factors above 1: 1.5,2,3"

  static func value(of argument: String) -> [Double]? {
    let factors = argument.split(separator: ",", omittingEmptySubsequences: false).map {
      Speedup.value(of: String($0))
    }
    let known = factors.compactMap(\.self)
    guard !known.isEmpty, known.count == factors.count, known[0] > 1,
      zip(known, known.dropFirst()).allSatisfy(<)
    else { return nil }
    return known
  }
}

/// "acc,depth": names.
enum Words: ArgumentWord {
  static let expectation = "names, each once: acc,depth"

  static func value(of argument: String) -> [String]? {
    let words = argument.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    return words.contains("") || Set(words).count < words.count ? nil : words
  }
}

/// "95%" or "0.95", of all.
enum Portion: ArgumentWord {
  static let expectation = "a share from 0 to 1: 95%, 0.95"

  static func value(of argument: String) -> Double? {
    Share.value(of: argument).flatMap { $0 <= 1 ? $0 : nil }
  }
}

/// "0.75%" or "0.0075".
enum Share: ArgumentWord {
  static let expectation = "a share of at least 0, at most a million: 0.75%, 0.0075"

  static func value(of argument: String) -> Double? {
    let isPercent = argument.hasSuffix("%")
    guard let value = Double(isPercent ? argument.dropLast() : argument[...]), value >= 0, value <= 1e6
    else { return nil }
    return isPercent ? value / 100 : value
  }

  /// As it would be asked for.
  static func text(_ share: Double) -> String {
    let percent = (share * 1e6).rounded() / 1e4
    return (percent == percent.rounded() ? "\(Int(percent))" : "\(percent)") + "%"
  }
}

/// "16,32,64": input lengths in tokens.
enum Lengths: ArgumentWord {
  static let expectation = "input lengths, each from 1 to 65535 tokens: 16,32,64"

  static func value(of argument: String) -> [Int]? {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard !parts.isEmpty, parts.allSatisfy({ $0.map { $0 > 0 && $0 <= 65_535 } ?? false }) else { return nil }
    return parts.compactMap(\.self)
  }
}

/// "256,64,64,64": a retention configuration, tokens kept after each layer.
enum KeepCounts: ArgumentWord {
  static let expectation = "tokens kept after each layer, from 1 to 65535, never rising: 256,64,64,64"

  static func value(of argument: String) -> [Int]? {
    guard let counts = Lengths.value(of: argument), zip(counts, counts.dropFirst()).allSatisfy(>=) else {
      return nil
    }
    return counts
  }
}

/// "acc" or a number: the elimination profile's decay.
enum Decay: ArgumentWord, Equatable, CustomStringConvertible {
  case calibrated
  case fixed(Double)

  static let expectation = "acc, or a number from 0 to 10"

  static func value(of argument: String) -> Decay? {
    switch argument {
    case "acc": return .calibrated
    default:
      guard let decay = Double(argument), decay >= 0, decay <= 10 else { return nil }
      return .fixed(decay)
    }
  }

  var number: Double? {
    if case .fixed(let decay) = self { decay } else { nil }
  }

  var description: String {
    switch self {
    case .calibrated: "acc"
    case .fixed(let decay): "\(decay)"
    }
  }
}

/// Options for commands that read labelled or unlabelled texts.
struct TextOptions: ParsableArguments {
  @Option(help: "Texts: .jsonl, .csv, .tsv (GLUE style) or .tab, told by the file's ending.")
  var data: String

  @Flag(help: "Go on past rows that cannot be read, and count them.")
  var skipBad = false
}
