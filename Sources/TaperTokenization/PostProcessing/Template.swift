/// The special tokens around a text's tokens: "[CLS] A [SEP]" for one text, "[CLS] A [SEP] B [SEP]" for two.
struct Template: Hashable, Sendable {
  enum Piece: Hashable, Sendable {
    case special(id: UInt32, typeID: UInt32)
    case first(typeID: UInt32)
    case second(typeID: UInt32)
  }

  var single: [Piece]
  var pair: [Piece]

  /// How many tokens the template adds.
  func addedCount(pair isPair: Bool) -> Int {
    (isPair ? pair : single).count { if case .special = $0 { true } else { false } }
  }

  /// [CLS] A [SEP], [CLS] A [SEP] B [SEP]; B and what follows have type 1.
  static func bert(classification: UInt32, separator: UInt32) -> Template {
    let single: [Piece] = [
      .special(id: classification, typeID: 0), .first(typeID: 0), .special(id: separator, typeID: 0),
    ]
    return Template(
      single: single, pair: single + [.second(typeID: 1), .special(id: separator, typeID: 1)])
  }

  /// <s> A </s>, <s> A </s> </s> B </s>; no types. RoBERTa and MPNet.
  static func roberta(classification: UInt32, separator: UInt32) -> Template {
    let separatorPiece = Piece.special(id: separator, typeID: 0)
    let single: [Piece] = [.special(id: classification, typeID: 0), .first(typeID: 0), separatorPiece]
    return Template(single: single, pair: single + [separatorPiece, .second(typeID: 0), separatorPiece])
  }

  /// The texts alone.
  static let none = Template(single: [.first(typeID: 0)], pair: [.first(typeID: 0), .second(typeID: 1)])
}
