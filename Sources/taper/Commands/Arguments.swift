import ArgumentParser
import TaperPlanFormat

/// "5ms", "800us", "2.5 ms": a duration on the command line.
struct LatencyArgument: ExpressibleByArgument {
  var time: Nanoseconds

  init?(argument: String) {
    let units: [(suffix: String, nanoseconds: Double)] = [
      ("ms", 1e6), ("us", 1e3), ("µs", 1e3), ("ns", 1), ("s", 1e9),
    ]
    guard let unit = units.first(where: { argument.hasSuffix($0.suffix) }),
      let value = Double(argument.dropLast(unit.suffix.count)), value > 0, value * unit.nanoseconds < 1e15
    else { return nil }
    time = Nanoseconds(UInt64(value * unit.nanoseconds))
  }
}

/// "3x" or "3": a factor of at least one.
struct SpeedupArgument: ExpressibleByArgument {
  var factor: Double

  init?(argument: String) {
    guard let value = Double(argument.hasSuffix("x") ? argument.dropLast() : argument[...]), value >= 1,
      value.isFinite
    else { return nil }
    factor = value
  }
}

/// "0.75%" or "0.0075": a share.
struct ShareArgument: ExpressibleByArgument {
  var share: Double

  init?(argument: String) {
    let isPercent = argument.hasSuffix("%")
    guard let value = Double(isPercent ? argument.dropLast() : argument[...]), value >= 0, value.isFinite
    else {
      return nil
    }
    share = isPercent ? value / 100 : value
  }
}

/// "acc", "search" or a number: the elimination profile's decay.
enum DecayArgument: ExpressibleByArgument, Equatable, CustomStringConvertible {
  case calibrated
  case search
  case fixed(Double)

  init?(argument: String) {
    switch argument {
    case "acc": self = .calibrated
    case "search": self = .search
    default:
      guard let decay = Double(argument), decay >= 0, decay <= 10 else { return nil }
      self = .fixed(decay)
    }
  }

  var value: Double? {
    if case .fixed(let decay) = self { decay } else { nil }
  }

  var description: String {
    switch self {
    case .calibrated: "acc"
    case .search: "search"
    case .fixed(let decay): "\(decay)"
    }
  }
}

/// "16,32,64": input lengths.
struct LengthsArgument: ExpressibleByArgument {
  var lengths: [Int]

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard !parts.isEmpty, parts.allSatisfy({ $0.map { $0 > 0 && $0 <= 65_535 } ?? false }) else { return nil }
    lengths = parts.compactMap(\.self)
  }
}

/// Options for commands that read labelled or unlabelled texts.
struct TextOptions: ParsableArguments {
  @Option(help: "Texts: .jsonl, .csv, .tsv (GLUE style) or .tab, told by the file's ending.")
  var data: String

  @Flag(help: "Go on past rows that cannot be read, and count them.")
  var skipBad = false
}
