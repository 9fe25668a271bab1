/// Finds added tokens in UTF-8: the leftmost match, the longest of those, without overlaps.
struct AddedTokenMatcher: Hashable, Sendable {
  private struct Pattern: Hashable, Sendable {
    var bytes: [UInt8]
    var token: AddedToken
  }

  private let patterns: [Pattern]
  /// Whether a pattern starts with the byte.
  private let starts: [Bool]

  /// A match, with the white space that its token includes.
  struct Match {
    var id: UInt32
    var range: Range<Int>
  }

  /// - Parameter patterns: patterns and their tokens; the first of equal patterns wins.
  init(_ patterns: [(bytes: [UInt8], token: AddedToken)]) {
    self.patterns = patterns.map { Pattern(bytes: $0.bytes, token: $0.token) }
    var starts = [Bool](repeating: false, count: 256)
    for pattern in patterns { starts[Int(pattern.bytes[0])] = true }
    self.starts = starts
  }

  var isEmpty: Bool { patterns.isEmpty }

  /// Whether no match can touch white space. If so, a text may be split at spaces and matched in parts.
  var ignoresSpaces: Bool {
    patterns.allSatisfy { pattern in
      !pattern.token.stripsLeft && !pattern.token.stripsRight
        && String(decoding: pattern.bytes, as: UTF8.self).unicodeScalars.allSatisfy {
          !ScalarProperties($0.value).isWhiteSpace
        }
    }
  }

  /// The next match in `bytes[range]`, searched from `position`, which moves past the searched bytes. White space
  /// before the match is included down to `floor`, the end of the previous match.
  ///
  /// With `skipsSpecial`, special tokens are skipped. As in the reference, a skipped match still hides the tokens that
  /// overlap it.
  func next(
    in bytes: [UInt8], _ range: Range<Int>, from position: inout Int, floor: Int, skipsSpecial: Bool
  ) -> Match? {
    while position < range.upperBound {
      guard starts[Int(bytes[position])], let pattern = longest(in: bytes, at: position, range.upperBound)
      else {
        position += 1
        continue
      }
      var begin = position
      var end = position + pattern.bytes.count
      position = end
      if skipsSpecial, pattern.token.isSpecial { continue }
      if pattern.token.stripsLeft { begin = Self.whiteSpace(before: begin, in: bytes, downTo: floor) }
      if pattern.token.stripsRight { end = Self.whiteSpace(after: end, in: bytes, upTo: range.upperBound) }
      return Match(id: pattern.token.id, range: begin..<end)
    }
    return nil
  }

  private func longest(in bytes: [UInt8], at position: Int, _ end: Int) -> Pattern? {
    var best: Pattern?
    for pattern in patterns where pattern.bytes.count > (best?.bytes.count ?? 0) {
      guard pattern.bytes.count <= end - position else { continue }
      var matched = 0
      while matched < pattern.bytes.count, bytes[position + matched] == pattern.bytes[matched] {
        matched += 1
      }
      if matched == pattern.bytes.count { best = pattern }
    }
    return best
  }

  /// Where the white space that ends at `position` begins, not before `floor`.
  static func whiteSpace(before position: Int, in bytes: [UInt8], downTo floor: Int) -> Int {
    var position = position
    while position > floor {
      let before = UTF8Bytes.index(before: position, in: bytes)
      guard ScalarProperties(UTF8Bytes.scalar(in: bytes, at: before).scalar).isWhiteSpace else { break }
      position = before
    }
    return position
  }

  /// Where the white space that begins at `position` ends, not after `limit`.
  static func whiteSpace(after position: Int, in bytes: [UInt8], upTo limit: Int) -> Int {
    var position = position
    while position < limit {
      let (scalar, length) = UTF8Bytes.scalar(in: bytes, at: position)
      guard ScalarProperties(scalar).isWhiteSpace else { break }
      position += length
    }
    return position
  }
}

/// A token matched in the text itself, before the text is split into words.
struct AddedToken: Hashable, Sendable {
  var id: UInt32
  /// UTF-8.
  var content: [UInt8]
  /// Used by templates. In a text it counts only with `allowsSpecialTokensInText`.
  var isSpecial: Bool
  /// Its normal form is matched in the normalised text, instead of its content in the raw text.
  var isNormalized: Bool
  /// The match includes the white space before it.
  var stripsLeft: Bool
  /// The match includes the white space after it.
  var stripsRight: Bool
}
