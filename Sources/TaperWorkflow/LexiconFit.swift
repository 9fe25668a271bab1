internal import Glibc
internal import TaperBase
package import TaperModelSpec
internal import TaperTokenization

/// Scores of words by experiment (ours): what a text loses without them.
///
/// A text's words are dealt at random into two hands, and the dense encoder reads each hand alone. To first order, the
/// difference of what both lose against the whole text is the sum of the values of the words in one hand less those in
/// the other. A word's value is taken to be linear in its row of the checkpoint's table. Ridge regression over all
/// deals finds it, and so every word of the vocabulary has a value, also those that no text has. Both hands are as
/// long, so what is lost by length alone cancels.
///
/// What a hand loses: with labels, the log-likelihood of the right class by a head fitted to the dense encoder's
/// vectors (of numbers, the squared error); without, one less the cosine with the whole text's vector, both less the
/// mean of all texts.
package struct LexiconFit {
  /// What a word's score loses when it came so often before: log(1 + earlier occurrences).
  static let penalties = (0..<32).map { log(1 + Float($0)) }

  /// Texts, and deals of each.
  static let (mostTexts, deals) = (400, 4)
  /// Standard deviation of the scores over the texts' tokens: what a repeat costs is log 2.
  static let deviation: Float = 1
  /// Above every word's.
  static let specialScore: Float = 1_000

  /// Ids of the tokens that the tokenizer puts around texts: they always stay.
  package let special: Set<UInt32>
  let seed: UInt64 = 1

  package init(_ model: ModelSpec) {
    special = Set(model.tokenizer.encode("", pair: "", maximumLength: 512).ids)
  }

  /// A deal of a text.
  package struct Deal {
    package var text: Int
    /// Numbers of its tokens that only the first hand has, and those that only the second has.
    package var hands: [[Int]]
  }

  /// Of every text with two words at least, in order.
  package func deals(of samples: [TokenizedSample]) -> [Deal] {
    var generator = SplitMix64(seed: seed)
    var deals: [Deal] = []
    for (text, sample) in samples.enumerated() {
      let words = sample.ids.indices.filter { !special.contains(sample.ids[$0]) }
      guard words.count > 1 else { continue }
      for _ in 0..<Self.deals {
        var order = words
        generator.shuffle(&order)
        let half = order.count / 2
        deals.append(Deal(text: text, hands: [Array(order[..<half]), Array(order[half..<2 * half])]))
      }
    }
    return deals
  }

  /// A text of a hand's words and the special tokens, in order.
  package func sample(_ hand: [Int], of whole: TokenizedSample) -> TokenizedSample {
    let stays = Set(hand)
    let kept = whole.ids.indices.filter { stays.contains($0) || special.contains(whole.ids[$0]) }
    return TokenizedSample(
      ids: kept.map { whole.ids[$0] }, typeIDs: whole.typeIDs.isEmpty ? [] : kept.map { whole.typeIDs[$0] })
  }
}
