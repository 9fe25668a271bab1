/// The segmentation with the highest sum of scores (Kudo 2018), by Viterbi in 64-bit floats. As in the reference, a
/// later path wins only when it is better.
///
/// - Complexity: O(n · longest token) for a piece of n bytes.
struct Unigram: Hashable, Sendable, PieceModel {
  /// The best path that ends at a byte.
  struct Node: BitwiseCopyable {
    var score: Double
    var id: UInt32
    /// Where its last token begins; -1 when no path ends here.
    var begin: Int
  }

  let vocabulary: Vocabulary
  /// Of each token, the logarithm of its probability.
  let scores: [Double]
  let unknownID: UInt32
  /// An unknown part becomes one token for each of its bytes, "<0x0A>", when the vocabulary has all of them.
  let fallsBackToBytes: Bool
  let trie: ByteTrie
  private let byteTokens: [UInt32?]
  private let unknownScore: Double

  /// Longer tokens would make a text slow; the longest of real vocabularies have some 100 bytes.
  static let longestToken = 1024
  private static let unknownPenalty = 10.0

  /// - Parameters:
  ///   - scores: finite, one for each token.
  ///   - trie: of the tokens; nil: made here.
  init(
    vocabulary: Vocabulary, scores: [Double], unknownID: UInt32, fallsBackToBytes: Bool, trie: ByteTrie? = nil
  ) {
    self.vocabulary = vocabulary
    self.scores = scores
    self.unknownID = unknownID
    self.fallsBackToBytes = fallsBackToBytes
    self.trie = trie ?? vocabulary.trie()
    byteTokens = fallsBackToBytes ? vocabulary.byteTokens : []
    unknownScore = (scores.min() ?? 0) - Self.unknownPenalty
  }

  func tokenize(
    _ text: NormalizedText, _ piece: Range<Int>, into tokens: inout TokenSequence, scratch: inout ModelScratch
  ) {
    findPath(text.bytes, piece, &scratch.path)
    // Backwards from the end; unknown parts that follow each other are one.
    scratch.ends.removeAll(keepingCapacity: true)
    var end = piece.count
    while end > 0 {
      let node = scratch.path[end]
      guard node.begin >= 0 else { break }
      if node.id == unknownID, let last = scratch.ends.last, last.id == unknownID {
        scratch.ends[scratch.ends.count - 1].begin = node.begin
      } else {
        scratch.ends.append((node.begin, end, node.id))
      }
      end = node.begin
    }
    for (begin, end, id) in scratch.ends.reversed() {
      let range = (piece.lowerBound + begin)..<(piece.lowerBound + end)
      append(id, text, range, to: &tokens)
    }
  }

  private func append(
    _ id: UInt32, _ text: NormalizedText, _ range: Range<Int>, to tokens: inout TokenSequence
  ) {
    let origin = text.origin(of: range)
    guard id == unknownID else { return tokens.append(id, origin, text: text.bytes, range) }
    // Unknown scalars may add up to a token.
    if let known = vocabulary.id(text.bytes, range) {
      return tokens.append(known, origin, text: text.bytes, range)
    }
    if fallsBackToBytes, range.allSatisfy({ byteTokens[Int(text.bytes[$0])] != nil }) {
      for place in range {
        if let id = byteTokens[Int(text.bytes[place])] { tokens.append(id, origin) }
      }
      return
    }
    tokens.append(unknownID, origin, text: text.bytes, range)
  }

  private func findPath(_ bytes: [UInt8], _ piece: Range<Int>, _ path: inout [Node]) {
    path.removeAll(keepingCapacity: true)
    for _ in 0...piece.count { path.append(Node(score: 0, id: 0, begin: -1)) }
    var begin = 0
    while begin < piece.count {
      let start = piece.lowerBound + begin
      let score = path[begin].score
      let length = UTF8Bytes.length(ofLead: bytes[start])
      var hasScalar = false
      var node = 0
      var index = start
      while index < piece.upperBound, let child = trie.child(of: node, bytes[index]) {
        node = child
        index += 1
        let value = trie.values[node]
        guard value != 0 else { continue }
        let end = index - piece.lowerBound
        let candidate = scores[Int(value - 1)] + score
        if path[end].begin < 0 || candidate > path[end].score {
          path[end] = Node(score: candidate, id: value - 1, begin: begin)
        }
        if end - begin == length { hasScalar = true }
      }
      let end = begin + length
      if !hasScalar, end <= piece.count {
        let candidate = unknownScore + score
        if path[end].begin < 0 || candidate > path[end].score {
          path[end] = Node(score: candidate, id: unknownID, begin: begin)
        }
      }
      begin = end
    }
  }
}
