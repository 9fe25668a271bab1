/// The regular expressions with which byte-level tokenizers split words, as scanners. Every one covers the whole text.
enum WordPattern: UInt8, CaseIterable, Hashable, Sendable {
  /// GPT-2, RoBERTa, ModernBERT.
  case gpt2
  /// Llama 3 and relatives: up to three digits together.
  case llama3
  /// Qwen 2: every digit alone.
  case qwen2

  /// As written in tokenizer.json.
  var regularExpression: String {
    switch self {
    case .gpt2:
      #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
    case .llama3:
      #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"#
        + #"|\s+(?!\S)|\s+"#
    case .qwen2:
      #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"#
        + #"|\s+(?!\S)|\s+"#
    }
  }

  init?(regularExpression: String) {
    guard let pattern = Self.allCases.first(where: { $0.regularExpression == regularExpression }) else {
      return nil
    }
    self = pattern
  }

  /// Where the match that begins at `start` ends.
  /// - Precondition: `start` is below `limit`, both between scalars of well-formed UTF-8.
  func end(in bytes: [UInt8], from start: Int, limit: Int) -> Int {
    if bytes[start] == 0x27, let end = contraction(bytes, start, limit) { return end }
    let (scalar, length) = UTF8Bytes.scalar(in: bytes, at: start)
    let kind = WordKind(scalar)
    let next = start + length
    let nextKind = next < limit ? WordKind(UTF8Bytes.scalar(in: bytes, at: next).scalar) : nil
    switch self {
    case .gpt2:
      if scalar == 0x20, let nextKind, nextKind != .whiteSpace {
        return Self.run(of: nextKind, bytes, next, limit)
      }
      return kind == .whiteSpace
        ? Self.whiteSpace(bytes, start, limit) : Self.run(of: kind, bytes, next, limit)
    case .llama3, .qwen2:
      switch kind {
      case .letter: return Self.run(of: .letter, bytes, next, limit)
      case .number: return digits(bytes, next, limit)
      case .other:
        if nextKind == .letter { return Self.run(of: .letter, bytes, next, limit) }
        return Self.lineEnds(bytes, Self.run(of: .other, bytes, next, limit), limit)
      case .whiteSpace:
        if nextKind == .letter, scalar != 0x0D, scalar != 0x0A {
          return Self.run(of: .letter, bytes, next, limit)
        }
        if scalar == 0x20, nextKind == .other {
          return Self.lineEnds(bytes, Self.run(of: .other, bytes, next, limit), limit)
        }
        if let end = Self.lastLineEnd(bytes, start, limit) { return end }
        return Self.whiteSpace(bytes, start, limit)
      }
    }
  }

  /// Where GPT-2's match ends that begins with a space before `start`, which is not in the text; `start` when it is
  /// that space alone.
  static func endAfterSpace(in bytes: [UInt8], from start: Int, limit: Int) -> Int {
    let kind = WordKind(UTF8Bytes.scalar(in: bytes, at: start).scalar)
    let end = run(of: kind, bytes, start, limit)
    return kind == .whiteSpace && end < limit ? UTF8Bytes.index(before: end, in: bytes) : end
  }

  private static func run(of kind: WordKind, _ bytes: [UInt8], _ start: Int, _ limit: Int) -> Int {
    var index = start
    while index < limit {
      let (scalar, length) = UTF8Bytes.scalar(in: bytes, at: index)
      guard WordKind(scalar) == kind else { break }
      index += length
    }
    return index
  }

  /// White space up to the last one before something else, or all of it: "\s+(?!\S)|\s+".
  private static func whiteSpace(_ bytes: [UInt8], _ start: Int, _ limit: Int) -> Int {
    let end = run(of: .whiteSpace, bytes, start, limit)
    guard end < limit else { return end }
    let last = UTF8Bytes.index(before: end, in: bytes)
    return last > start ? last : end
  }

  /// Where the last line end of the white space at `start` ends: "\s*[\r\n]+". nil without one.
  private static func lastLineEnd(_ bytes: [UInt8], _ start: Int, _ limit: Int) -> Int? {
    var index = run(of: .whiteSpace, bytes, start, limit)
    while index > start {
      if bytes[index - 1] == 0x0D || bytes[index - 1] == 0x0A { return index }
      index -= 1
    }
    return nil
  }

  private static func lineEnds(_ bytes: [UInt8], _ start: Int, _ limit: Int) -> Int {
    var index = start
    while index < limit, bytes[index] == 0x0D || bytes[index] == 0x0A { index += 1 }
    return index
  }

  /// - Parameter start: after the first digit.
  private func digits(_ bytes: [UInt8], _ start: Int, _ limit: Int) -> Int {
    var index = start
    var count = 1
    while count < (self == .llama3 ? 3 : 1), index < limit {
      let (scalar, length) = UTF8Bytes.scalar(in: bytes, at: index)
      guard WordKind(scalar) == .number else { break }
      index += length
      count += 1
    }
    return index
  }

  /// "'s", "'t", "'re", "'ve", "'m", "'ll", "'d"; also in capitals, but not in GPT-2's.
  private func contraction(_ bytes: [UInt8], _ start: Int, _ limit: Int) -> Int? {
    func letter(_ offset: Int) -> UInt8 {
      let index = start + offset
      guard index < limit else { return 0 }
      let byte = bytes[index]
      return self != .gpt2 && 0x41...0x5A ~= byte ? byte | 0x20 : byte
    }
    switch (letter(1), letter(2)) {
    case (0x73, _), (0x74, _), (0x6D, _), (0x64, _): return start + 2
    case (0x72, 0x65), (0x76, 0x65), (0x6C, 0x6C): return start + 3
    // "ſ" (C5 BF) is an "s" where capitals do not matter.
    case (0xC5, 0xBF): return self == .gpt2 ? nil : start + 3
    default: return nil
    }
  }
}
