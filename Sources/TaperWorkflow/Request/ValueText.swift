public import TaperPlanFormat
public import TaperPlanner

/// How a value reads on the command line and in a request's text: each is written so that reading gives it back.
public enum ValueText {
  /// "8": at least one.
  public static func count(_ text: String) -> Int? {
    guard let count = Int(text), (1...Int(Int32.max)).contains(count) else { return nil }
    return count
  }

  /// A count that may be none.
  public static func wholeNumber(_ text: String) -> Int? { text == "0" ? 0 : count(text) }

  // MARK: Times

  /// "5ms", "800us", "2.5 ms".
  public static func time(_ text: String) -> Nanoseconds? {
    let units = [("ms", 1e6), ("us", 1e3), ("µs", 1e3), ("ns", 1), ("s", 1e9)]
    return amount(text, in: units, below: 1e15).map { Nanoseconds($0) }
  }

  /// In the largest unit of which it is a whole number.
  public static func text(_ time: Nanoseconds) -> String {
    let units: [(suffix: String, nanoseconds: UInt64)] = [
      ("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1000), ("ns", 1),
    ]
    let unit = units.first { time.rawValue % $0.nanoseconds == 0 } ?? units[3]
    return "\(time.rawValue / unit.nanoseconds)\(unit.suffix)"
  }

  /// "5ms"; "64:2ms,256:8ms", a time for the lengths up to each of several; "5ms@p99", for a percentile other than the
  /// median.
  public static func deadlines(_ text: String) -> TimeLimits? {
    let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let percentile = parts.count == 1 ? Percentile.p50 : Percentile(name: parts[1]),
      let steps = steps(parts[0])
    else { return nil }
    return TimeLimits(steps, at: percentile)
  }

  /// - Precondition: there is a deadline.
  public static func text(_ deadlines: TimeLimits) -> String {
    let steps = deadlines.steps.map { step in
      (step.maximumLength == .max ? "" : "\(step.maximumLength):") + text(step.time)
    }
    return steps.joined(separator: ",")
      + (deadlines.percentile == .p50 ? "" : "@\(deadlines.percentile.name)")
  }

  private static func steps(_ text: String) -> [TimeLimits.Step]? {
    if let time = time(text) { return [TimeLimits.Step(upTo: .max, time)] }
    var steps: [TimeLimits.Step] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let words = part.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      guard words.count == 2, let length = count(words[0]), let time = time(words[1]),
        length > steps.last?.maximumLength ?? 0
      else { return nil }
      steps.append(TimeLimits.Step(upTo: length, time))
    }
    return steps
  }

  /// "400/s": texts a second.
  public static func rate(_ text: String) -> Double? {
    guard text.hasSuffix("/s"), let rate = Double(text.dropLast(2)), rate > 0, rate < 1e9 else { return nil }
    return rate
  }

  public static func text(rate: Double) -> String { short(rate) + "/s" }

  // MARK: Sizes and shares

  /// "4MiB", "800KB".
  public static func size(_ text: String) -> Bytes? {
    let units = [
      ("KiB", 1024), ("MiB", 1_048_576), ("GiB", 1_073_741_824), ("KB", 1e3), ("MB", 1e6), ("GB", 1e9),
      ("B", 1),
    ]
    return amount(text, in: units, below: 1e18).map { Bytes($0) }
  }

  public static func text(_ size: Bytes) -> String { "\(size.rawValue)B" }

  /// "3x" or "3": at least one.
  public static func factor(_ text: String) -> Double? {
    guard let value = Double(text.hasSuffix("x") ? text.dropLast() : text[...]), value >= 1, value <= 1e6
    else { return nil }
    return value
  }

  /// "0.75%". The sign is not left out: a bare 1 is one point to some and all to others.
  public static func share(_ text: String) -> Double? {
    guard text.hasSuffix("%"), let value = Double(text.dropLast()), value >= 0, value <= 1e8 else {
      return nil
    }
    return value / 100
  }

  /// To four decimals of a percent.
  public static func text(share: Double) -> String { short((share * 1e6).rounded() / 1e4) + "%" }

  /// An elimination profile's decay; calibrated when it is "acc".
  public static func decay(_ text: String) -> Double?? {
    if text == "acc" { return .some(nil) }
    guard let decay = Double(text), decay >= 0, decay <= 10 else { return nil }
    return decay
  }

  // MARK: Lists

  /// "16,32,64": input lengths in tokens.
  public static func lengths(_ text: String) -> [Int]? {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard !parts.isEmpty, parts.allSatisfy({ $0.map { $0 > 0 && $0 <= 65_535 } ?? false }) else { return nil }
    return parts.compactMap(\.self)
  }

  /// "256,64,64,64": tokens kept after each layer.
  public static func keepCounts(_ text: String) -> [Int]? {
    guard let counts = lengths(text), zip(counts, counts.dropFirst()).allSatisfy(>=) else { return nil }
    return counts
  }

  public static func text(_ numbers: [Int]) -> String { numbers.map(String.init).joined(separator: ",") }

  /// A label as one word: a space is "%20".
  static func word(_ text: String) -> String {
    text.split(separator: "%", omittingEmptySubsequences: false).joined(separator: "%25")
      .split(separator: " ", omittingEmptySubsequences: false).joined(separator: "%20")
  }

  /// The label that such a word stands for.
  static func text(word: String) -> String? {
    var parts = word.split(separator: "%", omittingEmptySubsequences: false)[...]
    var text = String(parts.removeFirst())
    for part in parts {
      guard part.hasPrefix("25") || part.hasPrefix("20") else { return nil }
      text += (part.hasPrefix("25") ? "%" : " ") + part.dropFirst(2)
    }
    return text
  }

  /// A whole number without decimals.
  static func short(_ number: Double) -> String {
    number == number.rounded() ? "\(Int(number))" : "\(number)"
  }

  private static func amount(
    _ text: String, in units: [(suffix: String, size: Double)], below limit: Double
  ) -> UInt64? {
    guard let unit = units.first(where: { text.hasSuffix($0.suffix) }),
      let value = Double(text.dropLast(unit.suffix.count)), value * unit.size >= 1, value * unit.size < limit
    else { return nil }
    return UInt64(value * unit.size)
  }
}
