import TaperPlanFormat

/// How the labels of tokens become entities: the strategies of transformers' token classification pipeline
/// (`aggregation_strategy`).
///
/// Labels are "B-PER" and "I-PER", or names without such a beginning. Neighbours of one name are one entity, unless the
/// latter begins with "B-"; its score is their mean. An entity is called by what follows the first "-" of its first
/// label, and left out when that is "O".
public enum EntityAggregation: String, CaseIterable, Sendable {
  /// Every token has a label of its own.
  case simple
  /// All tokens of a word have the label of its first.
  case first
  /// All tokens of a word have the label with the largest mean score.
  case average
  /// All tokens of a word have the label with the largest score of any of its tokens.
  case max
}

/// A token, a word or an entity of a text, with its label.
struct LabelledSpan: Equatable {
  /// The index of the label.
  var label: Int
  var score: Float
  /// In Unicode scalars of the text.
  var begin: Int
  var end: Int
  /// Scores of all labels; only tokens have them.
  var scores: [Float] = []
  /// Whether the token goes on with the word of the token before.
  var isContinuation = false
}

extension EntityAggregation {
  /// Entities of one text's tokens.
  /// - Parameter tokens: in order.
  /// - Returns: the entities' names and places.
  func entities(of tokens: [LabelledSpan], _ head: Head) -> [(name: Substring, span: LabelledSpan)] {
    var groups: [(label: String, spans: [LabelledSpan])] = []
    for span in self == .simple ? tokens : words(tokens) {
      let label = AnswerLine.label(span.label, head)
      if !label.hasPrefix("B-"), let last = groups.last, Self.type(last.label) == Self.type(label) {
        groups[groups.count - 1].spans.append(span)
      } else {
        groups.append((label, [span]))
      }
    }
    return groups.compactMap { label, spans in
      let name = label.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).last ?? ""
      guard name != "O", var entity = spans.first, let last = spans.last else { return nil }
      entity.score = spans.reduce(0) { $0 + $1.score } / Float(spans.count)
      entity.end = last.end
      return (name, entity)
    }
  }

  /// What neighbours have in common: the label without "B-" or "I-".
  private static func type(_ label: String) -> Substring {
    label.hasPrefix("B-") || label.hasPrefix("I-") ? label.dropFirst(2) : label[...]
  }

  /// Words, each with one label.
  private func words(_ tokens: [LabelledSpan]) -> [LabelledSpan] {
    var words: [[LabelledSpan]] = []
    for token in tokens {
      if token.isContinuation, !words.isEmpty {
        words[words.count - 1].append(token)
      } else {
        words.append([token])
      }
    }
    return words.compactMap { word(of: $0) }
  }

  private func word(of tokens: [LabelledSpan]) -> LabelledSpan? {
    guard var word = tokens.first, let last = tokens.last else { return nil }
    word.end = last.end
    switch self {
    case .simple, .first: break
    case .max:
      for token in tokens where token.score > word.score {
        (word.label, word.score) = (token.label, token.score)
      }
    case .average:
      let means = word.scores.indices.map { label in
        tokens.reduce(0) { $0 + $1.scores[label] } / Float(tokens.count)
      }
      word.score = means.max() ?? 0
      word.label = means.firstIndex(of: word.score) ?? 0
    }
    return word
  }
}
