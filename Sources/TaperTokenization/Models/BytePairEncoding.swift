/// Starts from single scalars and merges the pair of the lowest rank, again and again (Sennrich et al. 2016).
///
/// - Complexity: O(n log n) for a piece of n scalars.
struct BytePairEncoding: Hashable, Sendable, PieceModel {
  struct Options: Hashable, Sendable {
    var unknownID: UInt32?
    /// Consecutive unknown scalars become one token.
    var fusesUnknown = false
    /// An unknown scalar becomes one token for each of its bytes, "<0x0A>", when the vocabulary has all of them.
    var fallsBackToBytes = false
    /// A piece that the vocabulary has is one token, whatever the merges make of it.
    var ignoresMerges = false
    /// Prepended to look up every scalar but a piece's first.
    var prefix: [UInt8] = []
    /// Appended to look up a piece's last scalar.
    var suffix: [UInt8] = []
  }

  struct Symbol: BitwiseCopyable {
    var id: UInt32
    /// In bytes; 0 once it is merged into the one before.
    var length: Int32
    var previous: Int32
    var next: Int32
  }

  let vocabulary: Vocabulary
  let merges: MergeTable
  let options: Options
  /// Of each byte, the token that stands for it; empty without byte fallback.
  private let byteTokens: [UInt32?]
  /// Of each scalar below U+0800, one more than its token; 0 without one. Empty with a prefix or suffix.
  private let shortScalars: [UInt32]

  var unknownID: UInt32? { options.unknownID }

  init(vocabulary: Vocabulary, merges: MergeTable, options: Options) {
    self.vocabulary = vocabulary
    self.merges = merges
    self.options = options
    byteTokens = options.fallsBackToBytes ? vocabulary.byteTokens : []
    guard options.prefix.isEmpty, options.suffix.isEmpty else {
      shortScalars = []
      return
    }
    var scalars = [UInt32](repeating: 0, count: 0x800)
    for code in scalars.indices {
      var text = NormalizedText()
      text.append(scalar: UInt32(code), TokenOffset(begin: 0, end: 0))
      if let id = vocabulary.id(of: text.bytes) { scalars[code] = id + 1 }
    }
    shortScalars = scalars
  }

  func tokenize(
    _ text: NormalizedText, _ piece: Range<Int>, into tokens: inout TokenSequence, scratch: inout ModelScratch
  ) {
    if options.ignoresMerges, let id = vocabulary.id(text.bytes, piece) {
      return tokens.append(id, text.origin(of: piece))
    }
    scratch.symbols.removeAll(keepingCapacity: true)
    spell(text.bytes, piece, &scratch)
    if scratch.symbols.count > 1 { mergeAll(&scratch.symbols, &scratch.merges) }
    // Dropped scalars (unknown, without an unknown token) have no length, so those that follow move up: as in the
    // reference.
    var begin = piece.lowerBound
    for symbol in scratch.symbols where symbol.length != 0 {
      let end = begin + Int(symbol.length)
      tokens.append(symbol.id, text.origin(of: begin..<end))
      begin = end
    }
  }

  private func spell(_ bytes: [UInt8], _ piece: Range<Int>, _ scratch: inout ModelScratch) {
    var unknownLength: Int32 = 0
    var index = piece.lowerBound
    while index < piece.upperBound {
      let (scalar, length) = UTF8Bytes.scalar(in: bytes, at: index)
      let range = index..<(index + length)
      index = range.upperBound
      if let id = token(scalar, bytes, range, in: piece, &scratch.spelling) {
        addUnknown(&unknownLength, to: &scratch.symbols)
        add(id, Int32(length), to: &scratch.symbols)
        continue
      }
      if options.fallsBackToBytes, range.allSatisfy({ byteTokens[Int(bytes[$0])] != nil }) {
        // An unknown scalar before it still waits, and comes after: as in the reference.
        for place in range {
          if let id = byteTokens[Int(bytes[place])] { add(id, 1, to: &scratch.symbols) }
        }
        continue
      }
      if options.unknownID == nil { continue }
      if !options.fusesUnknown { addUnknown(&unknownLength, to: &scratch.symbols) }
      unknownLength += Int32(length)
    }
    addUnknown(&unknownLength, to: &scratch.symbols)
  }

  @inline(__always)
  private func token(
    _ scalar: UInt32, _ bytes: [UInt8], _ range: Range<Int>, in piece: Range<Int>, _ spelling: inout [UInt8]
  ) -> UInt32? {
    if !shortScalars.isEmpty {
      if scalar < 0x800 {
        let entry = shortScalars[Int(scalar)]
        return entry == 0 ? nil : entry - 1
      }
      return vocabulary.id(bytes, range)
    }
    spelling.removeAll(keepingCapacity: true)
    if range.lowerBound > piece.lowerBound { spelling += options.prefix }
    spelling += bytes[range]
    if range.upperBound == piece.upperBound { spelling += options.suffix }
    return vocabulary.id(of: spelling)
  }

  private func addUnknown(_ length: inout Int32, to symbols: inout [Symbol]) {
    guard length > 0, let id = options.unknownID else { return }
    add(id, length, to: &symbols)
    length = 0
  }

  @inline(__always)
  private func add(_ id: UInt32, _ length: Int32, to symbols: inout [Symbol]) {
    let place = Int32(symbols.count)
    if place > 0 { symbols[Int(place) - 1].next = place }
    symbols.append(Symbol(id: id, length: length, previous: place - 1, next: -1))
  }

  private func mergeAll(_ symbols: inout [Symbol], _ queue: inout MergeQueue) {
    queue.removeAll()
    func push(_ left: Int32, _ right: Int32) {
      guard let merge = merges.merge(symbols[Int(left)].id, symbols[Int(right)].id) else { return }
      queue.push(MergeQueue.Entry(rank: merge.rank, position: UInt32(left), result: merge.result))
    }
    for place in 0..<Int32(symbols.count - 1) { push(place, place + 1) }
    while let top = queue.pop() {
      let place = Int(top.position)
      let symbol = symbols[place]
      guard symbol.length != 0, symbol.next >= 0 else { continue }
      let right = symbols[Int(symbol.next)]
      // An entry is outdated when its pair is no longer there.
      guard merges.merge(symbol.id, right.id)?.result == top.result else { continue }
      symbols[place].id = top.result
      symbols[place].length += right.length
      symbols[place].next = right.next
      symbols[Int(symbol.next)].length = 0
      if right.next >= 0 { symbols[Int(right.next)].previous = Int32(place) }
      if symbol.previous >= 0 { push(symbol.previous, Int32(place)) }
      if right.next >= 0 { push(Int32(place), right.next) }
    }
  }
}
