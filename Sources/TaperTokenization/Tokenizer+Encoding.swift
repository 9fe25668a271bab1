extension Tokenizer {
  /// Tokenises a text, or a pair of texts.
  ///
  /// - Parameters:
  ///   - text: any text; an empty one gives the template alone.
  ///   - pair: the second text of a pair.
  ///   - maximumLength: the most tokens in the result, template included. Longer texts are truncated, of a pair the
  ///     longer one first ("longest_first"). The template is never cut: below `specialTokenCount(isPair:)` the result
  ///     is the template.
  /// - Complexity: O(length of the text); BPE takes O(n log n) for a word of n scalars. A single BERT text is read only
  ///   a little past the part that is kept.
  public func encode(_ text: String, pair: String? = nil, maximumLength: Int) -> Encoding {
    encode(Array(text.utf8), pair: pair.map { Array($0.utf8) }, maximumLength: maximumLength)
  }

  /// Tokenises UTF-8 bytes. Each ill-formed part is read as U+FFFD, as Python and Swift decode it.
  public func encode(_ text: [UInt8], pair: [UInt8]? = nil, maximumLength: Int) -> Encoding {
    let budget = max(0, maximumLength - template.addedCount(pair: pair != nil))
    var run = TokenizationRun(self)
    // Of a pair, both texts' lengths decide what is kept, so both are read to the end.
    let readsAll = pair != nil || truncationSide == .left
    var first = run.tokens(of: text, enough: readsAll || budget == .max ? .max : budget + 1)
    var second = pair.map { run.tokens(of: $0, enough: .max) }
    var keep = (first: budget, second: 0)
    if let pairTokens = second {
      keep = Truncation.longestFirst(first.count, pairTokens.count, budget: budget)
    }
    let truncated = keep.first < first.count || keep.second < second?.count ?? 0
    first.truncate(to: keep.first, from: truncationSide)
    second?.truncate(to: keep.second, from: truncationSide)
    return frame(first, second, truncated: truncated)
  }

  /// Trims offsets, and puts the template round the texts' tokens.
  func frame(_ first: TokenSequence, _ second: TokenSequence?, truncated: Bool) -> Encoding {
    var (first, second) = (first, second)
    first.trim(trimmings, model.spelling)
    second?.trim(trimmings, model.spelling)
    var result = Encoding(ids: [], typeIDs: [], offsets: [], texts: [], truncated: truncated)
    let pieces = second == nil ? template.single : template.pair
    let count = first.count + (second?.count ?? 0) + pieces.count
    result.ids.reserveCapacity(count)
    result.typeIDs.reserveCapacity(count)
    result.offsets.reserveCapacity(count)
    func append(_ tokens: TokenSequence, _ typeID: UInt32) {
      result.texts.append(result.ids.count..<result.ids.count + tokens.count)
      result.ids += tokens.ids
      result.offsets += tokens.offsets
      result.typeIDs += repeatElement(typeID, count: tokens.count)
    }
    for piece in pieces {
      switch piece {
      case .special(let id, let typeID):
        result.ids.append(id)
        result.typeIDs.append(typeID)
        result.offsets.append(TokenOffset(begin: 0, end: 0))
      case .first(let typeID): append(first, typeID)
      case .second(let typeID): if let second { append(second, typeID) }
      }
    }
    return result
  }

  /// The normal form of a text and, for each of its bytes, the origin. For tests.
  package func normalForm(_ text: String) -> (bytes: [UInt8], origins: [TokenOffset]) {
    let result = pipeline.normalize(Array(text.utf8))
    return (result.bytes, result.origins)
  }
}
