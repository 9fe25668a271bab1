import TaperPlanFormat
import TaperTokenization

/// The results of a text's chunks, and what they are together.
///
/// Vectors, scores and values are joined number by number; a vector that the plan normalises is normalised again, and
/// the largest scores of labels that exclude each other are divided by their sum. Answers for each token are not
/// joined: of the chunks that have a token, the one counts in which it stands farther from the cut.
struct ChunkResults {
  private let joining: ChunkJoining
  private let head: Head
  private var sums: [Double]
  private var weight = 0.0
  private var tokenResults: [Float] = []

  init(_ joining: ChunkJoining, head: Head) {
    self.joining = joining
    self.head = head
    sums = [Double](
      repeating: joining == .max ? -.infinity : 0, count: head.answersTokens ? 0 : Int(head.outputWidth))
  }

  /// Adds a chunk's result.
  mutating func add(_ result: Span<Float>, chunk: Int, _ encoding: Encoding, of chunks: TextChunks) {
    if head.answersTokens { return place(result, chunk, encoding, chunks) }
    let tokens = Double(chunks.tokens(of: chunk).count)
    weight += tokens
    for place in sums.indices {
      switch joining {
      case .mean: sums[place] += tokens * Double(result[place])
      case .max: sums[place] = max(sums[place], Double(result[place]))
      }
    }
  }

  /// The result for the whole text: `head.outputCount` numbers of its encoding.
  func joined() -> [Float] {
    if head.answersTokens { return tokenResults }
    let values = joining == .mean ? sums.map { $0 / weight } : sums
    switch head.kind {
    case .embedding where head.normalized: return AnswerLine.normalized(values)
    case .classification where joining == .max:
      let sum = values.reduce(0, +)
      return values.map { Float($0 / sum) }
    default: return values.map { Float($0) }
    }
  }

  private mutating func place(_ result: Span<Float>, _ chunk: Int, _ encoding: Encoding, _ chunks: TextChunks)
  {
    let width = Int(head.outputWidth)
    if chunk == 0 {
      // The template's tokens, the prompt's and a first text's are answered once.
      let missing = chunks.tokenCount - encoding.ids.count
      tokenResults = result.indices.map { result[$0] } + [Float](repeating: 0, count: missing * width)
    }
    let window = chunks.tokens(of: chunk)
    let isLast = chunk == chunks.count - 1
    let begin = window.lowerBound + (chunk == 0 ? 0 : (chunks.overlap + 1) / 2)
    let end = window.upperBound - (isLast ? 0 : chunks.overlap / 2)
    guard let text = encoding.texts.last else { return }
    // What stands before the window is the same in the chunk and in the whole.
    let before = text.upperBound - window.count
    for token in begin..<end {
      let (here, there) = (before + token - window.lowerBound, before + token)
      for column in 0..<width { tokenResults[there * width + column] = result[here * width + column] }
    }
  }
}
