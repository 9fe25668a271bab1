/// A part of a normalised text on its way to the model.
struct Piece: BitwiseCopyable {
  var begin: Int
  var end: Int
  /// The id of the added token that it is; such a piece is not split further.
  var token: UInt32?

  var range: Range<Int> { begin..<end }
}

/// What becomes of the matches that split a text.
enum SplitBehavior: UInt8, CaseIterable, Hashable, Sendable {
  case removed
  case isolated
  case mergedWithPrevious
  case mergedWithNext
  /// Consecutive matches are one piece.
  case contiguous

  /// The name in tokenizer.json.
  var name: String {
    switch self {
    case .removed: "Removed"
    case .isolated: "Isolated"
    case .mergedWithPrevious: "MergedWithPrevious"
    case .mergedWithNext: "MergedWithNext"
    case .contiguous: "Contiguous"
    }
  }
}

/// Collects the pieces of one text from its matches and the gaps between them, in order.
struct PieceCollector {
  private let behavior: SplitBehavior
  private let inverts: Bool
  /// The piece that the next part may still join.
  private var open: (begin: Int, end: Int, isMatch: Bool)?

  init(_ behavior: SplitBehavior, inverts: Bool = false) {
    self.behavior = behavior
    self.inverts = inverts
  }

  /// Takes the next part: a match or a gap.
  mutating func add(_ range: Range<Int>, isMatch: Bool, to pieces: inout [Piece]) {
    guard !range.isEmpty else { return }
    let isMatch = isMatch != inverts
    switch behavior {
    case .removed:
      if !isMatch { pieces.append(Piece(begin: range.lowerBound, end: range.upperBound)) }
      return
    case .isolated:
      pieces.append(Piece(begin: range.lowerBound, end: range.upperBound))
      return
    case .mergedWithPrevious, .mergedWithNext, .contiguous: break
    }
    if let previous = open {
      let joins =
        switch behavior {
        case .contiguous: previous.isMatch == isMatch
        case .mergedWithPrevious: isMatch && !previous.isMatch
        default: previous.isMatch && !isMatch
        }
      if joins {
        open?.end = range.upperBound
        // A match that has joined does not take up the next one.
        open?.isMatch = isMatch
        return
      }
      finish(&pieces)
    }
    open = (range.lowerBound, range.upperBound, isMatch)
  }

  mutating func finish(_ pieces: inout [Piece]) {
    if let open { pieces.append(Piece(begin: open.begin, end: open.end)) }
    open = nil
  }
}
