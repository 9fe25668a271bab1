/// Finds added tokens in UTF-8: the leftmost match, the longest of those, without overlaps.
final class AddedTokenMatcher: Sendable {
  /// In the order of the trie's numbers.
  private let tokens: [AddedToken]
  private let trie: ByteTrie
  /// Whether a pattern starts with the byte.
  private let starts: [Bool]

  /// Whether no match can touch white space. If so, a text may be split at spaces and matched in parts.
  let ignoresSpaces: Bool

  /// A match, with the white space that its token includes.
  struct Match {
    var id: UInt32
    var range: Range<Int>
  }

  /// - Parameter patterns: patterns and their tokens; the first of equal patterns wins.
  init(_ patterns: [(bytes: [UInt8], token: AddedToken)]) {
    var seen: Set<[UInt8]> = []
    let distinct = patterns.filter { seen.insert($0.bytes).inserted }
    tokens = distinct.map(\.token)
    trie = ByteTrie(distinct.map(\.bytes), numbers: distinct.indices.map(UInt32.init))
    var starts = [Bool](repeating: false, count: 256)
    for pattern in distinct { starts[Int(pattern.bytes[0])] = true }
    self.starts = starts
    ignoresSpaces = distinct.allSatisfy { pattern in
      !pattern.token.stripsLeft && !pattern.token.stripsRight && !pattern.token.isSingleWord
        && String(decoding: pattern.bytes, as: UTF8.self).unicodeScalars.allSatisfy {
          !ScalarProperties($0.value).isWhiteSpace
        }
    }
  }

  var isEmpty: Bool { tokens.isEmpty }

  /// The next match in `bytes[range]`, searched from `position`, which moves past the searched bytes. White space
  /// before the match is included down to `floor`, the end of the previous match.
  ///
  /// With `skipsSpecial`, special tokens are skipped. As in the reference, a skipped match still hides the tokens that
  /// overlap it.
  ///
  /// - Complexity: O(bytes searched · longest pattern), whatever the number of patterns.
  func next(
    in bytes: [UInt8], _ range: Range<Int>, from position: inout Int, floor: Int, skipsSpecial: Bool
  ) -> Match? {
    while position < range.upperBound {
      guard starts[Int(bytes[position])],
        let (number, matchEnd) = trie.longest(in: bytes, from: position, limit: range.upperBound)
      else {
        position += 1
        continue
      }
      let token = tokens[Int(number)]
      var begin = position
      var end = matchEnd
      position = end
      if skipsSpecial, token.isSpecial { continue }
      if token.isSingleWord, Self.touchesWord(begin..<end, in: bytes, range) { continue }
      if token.stripsLeft { begin = Self.whiteSpace(before: begin, in: bytes, downTo: floor) }
      if token.stripsRight { end = Self.whiteSpace(after: end, in: bytes, upTo: range.upperBound) }
      return Match(id: token.id, range: begin..<end)
    }
    return nil
  }

  private static func touchesWord(_ match: Range<Int>, in bytes: [UInt8], _ range: Range<Int>) -> Bool {
    if match.lowerBound > range.lowerBound {
      let before = UTF8Bytes.index(before: match.lowerBound, in: bytes)
      if ScalarClasses(UTF8Bytes.scalar(in: bytes, at: before).scalar).isWord { return true }
    }
    return match.upperBound < range.upperBound
      && ScalarClasses(UTF8Bytes.scalar(in: bytes, at: match.upperBound).scalar).isWord
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
