/// What Replace and Split look for: a fixed text, or runs of scalars of a set.
enum TextPattern: Hashable, Sendable {
  case text([UInt8])
  /// At every place the first run that matches.
  case runs([ScalarRun])

  /// Consecutive scalars of a set: "\s+", " {2,}", "[\r\n]".
  struct ScalarRun: Hashable, Sendable {
    var scalars: [ClosedRange<UInt32>]
    var hasWhiteSpace: Bool
    /// The fewest scalars of a match.
    var minimum: Int
    /// Whether a match takes all the scalars there are; else it is one scalar.
    var isGreedy: Bool

    /// Where a match at `start` ends; nil when there is none.
    fileprivate func end(in bytes: [UInt8], from start: Int, limit: Int) -> Int? {
      var index = start
      var count = 0
      while index < limit, isGreedy || count == 0 {
        let (scalar, length) = UTF8Bytes.scalar(in: bytes, at: index)
        guard contains(scalar) else { break }
        index += length
        count += 1
      }
      return count >= minimum ? index : nil
    }

    private func contains(_ scalar: UInt32) -> Bool {
      scalars.contains { $0.contains(scalar) } || hasWhiteSpace && ScalarProperties(scalar).isWhiteSpace
    }
  }

  /// The fewest bytes of a match.
  var minimumLength: Int {
    switch self {
    case .text(let text): text.count
    case .runs(let runs): runs.map(\.minimum).min() ?? 1
    }
  }

  /// The next match in `bytes[start..<limit]`.
  /// - Precondition: both are between scalars of well-formed UTF-8; a fixed text is not empty.
  func next(in bytes: [UInt8], from start: Int, limit: Int) -> Range<Int>? {
    switch self {
    case .text(let text): Self.find(text, in: bytes, from: start, limit: limit)
    case .runs(let runs): Self.find(runs, in: bytes, from: start, limit: limit)
    }
  }

  private static func find(_ text: [UInt8], in bytes: [UInt8], from start: Int, limit: Int) -> Range<Int>? {
    var index = start
    while limit - index >= text.count {
      var matched = 0
      while matched < text.count, bytes[index + matched] == text[matched] { matched += 1 }
      if matched == text.count { return index..<(index + matched) }
      index += 1
    }
    return nil
  }

  private static func find(
    _ runs: [ScalarRun], in bytes: [UInt8], from start: Int, limit: Int
  ) -> Range<Int>? {
    var index = start
    while index < limit {
      for run in runs {
        if let end = run.end(in: bytes, from: index, limit: limit) { return index..<end }
      }
      index += UTF8Bytes.length(ofLead: bytes[index])
    }
    return nil
  }
}

extension TextPattern {
  /// Reads a regular expression of scalars or sets of scalars, perhaps repeated, and alternatives of such: "\s",
  /// " {2,}", "\s{2,}|[\n\r\t]". nil for any other.
  init?(regularExpression text: String) {
    var rest = text.unicodeScalars[...]
    var runs: [ScalarRun] = []
    repeat {
      guard let run = Self.run(&rest) else { return nil }
      runs.append(run)
    } while rest.popFirst() == "|"
    guard rest.isEmpty, runs.count <= 8 else { return nil }
    self = .runs(runs)
  }

  /// Reads one alternative.
  private static func run(_ rest: inout Substring.UnicodeScalarView) -> ScalarRun? {
    var run = ScalarRun(scalars: [], hasWhiteSpace: false, minimum: 1, isGreedy: false)
    guard let first = rest.popFirst() else { return nil }
    if first == "[" {
      while let scalar = rest.popFirst(), scalar != "]" {
        guard scalar != "^", scalar != "[", scalar != "&", run.add(scalar, &rest, isInSet: true),
          !rest.isEmpty
        else { return nil }
      }
    } else {
      guard !"^$.|?*+(){}]".unicodeScalars.contains(first), run.add(first, &rest, isInSet: false) else {
        return nil
      }
    }
    guard !run.scalars.isEmpty || run.hasWhiteSpace else { return nil }
    guard let quantifier = rest.first, quantifier != "|" else { return run }
    run.isGreedy = true
    if quantifier == "+" {
      rest.removeFirst()
    } else {
      guard quantifier == "{", let end = rest.firstIndex(of: "}") else { return nil }
      let bounds = String(rest[..<end].dropFirst())
      guard bounds.hasSuffix(","), let minimum = Int(bounds.dropLast()), 1...1000 ~= minimum else {
        return nil
      }
      run.minimum = minimum
      rest = rest[rest.index(after: end)...]
    }
    // "+?" and "++" mean something else.
    return rest.first == nil || rest.first == "|" ? run : nil
  }
}

extension TextPattern.ScalarRun {
  /// Adds what `scalar` begins in a regular expression: itself, an escape, or a range.
  fileprivate mutating func add(
    _ scalar: Unicode.Scalar, _ rest: inout Substring.UnicodeScalarView, isInSet: Bool
  ) -> Bool {
    var low = scalar.value
    if scalar == "\\" {
      guard let escaped = rest.popFirst() else { return false }
      switch escaped {
      case "s":
        hasWhiteSpace = true
        return true
      case "n": low = 0x0A
      case "r": low = 0x0D
      case "t": low = 0x09
      default:
        // A letter or digit after a backslash is a class of its own.
        guard escaped.value < 0x80, !ScalarClasses(escaped.value).isWord else { return false }
        low = escaped.value
      }
    }
    if isInSet, rest.first == "-", let high = rest.dropFirst().first, high != "]" {
      guard high != "\\", high.value >= low else { return false }
      rest = rest.dropFirst(2)
      scalars.append(low...high.value)
    } else {
      scalars.append(low...low)
    }
    return true
  }
}
