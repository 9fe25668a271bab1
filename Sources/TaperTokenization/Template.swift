/// How special tokens surround a text or a pair of texts.
struct Template: Hashable, Sendable {
  enum Piece: Hashable, Sendable {
    case special(id: UInt32, type: UInt32)
    /// The tokens of the first (0) or second (1) text.
    case text(Int, type: UInt32)
  }

  var single: [Piece]
  var pair: [Piece]

  /// Special tokens in a template.
  static func specialCount(_ pieces: [Piece]) -> Int {
    pieces.reduce(0) { if case .special = $1 { $0 + 1 } else { $0 } }
  }

  /// [CLS] A [SEP] and [CLS] A [SEP] B [SEP], the second text and its [SEP] of type 1.
  static func bert(cls: UInt32, sep: UInt32) -> Template {
    let single: [Piece] = [.special(id: cls, type: 0), .text(0, type: 0), .special(id: sep, type: 0)]
    return Template(single: single, pair: single + [.text(1, type: 1), .special(id: sep, type: 1)])
  }

  /// <s> A </s> and <s> A </s></s> B </s>, all of type 0.
  static func roberta(cls: UInt32, sep: UInt32) -> Template {
    let single: [Piece] = [.special(id: cls, type: 0), .text(0, type: 0), .special(id: sep, type: 0)]
    return Template(
      single: single,
      pair: single + [.special(id: sep, type: 0), .text(1, type: 0), .special(id: sep, type: 0)])
  }

  func apply(_ texts: [[Token]], truncated: Bool) -> Encoding {
    var encoding = Encoding(ids: [], typeIDs: [], offsets: [], truncated: truncated)
    for piece in texts.count == 1 ? single : pair {
      switch piece {
      case .special(let id, let type):
        encoding.ids.append(id)
        encoding.typeIDs.append(type)
        encoding.offsets.append(TokenOffset(begin: 0, end: 0))
      case .text(let index, let type):
        for token in texts[index] {
          encoding.ids.append(token.id)
          encoding.typeIDs.append(type)
          encoding.offsets.append(token.offset)
        }
      }
    }
    return encoding
  }
}
