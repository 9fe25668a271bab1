internal import TaperBase

/// Right labels of texts and those they got. Memory grows with labels and texts, not with pairs of labels.
public struct Confusion: Hashable, Sendable {
  /// Labels, 1 at least.
  public let labels: Int
  private var texts: [Text] = []
  /// By label: texts whose right label it is, that got it, and both.
  private var rightly: [Int]
  private var answered: [Int]
  private var hits: [Int]

  private struct Text: Hashable {
    var right: Int
    var answered: Int
  }

  public init(labels: Int) {
    precondition(labels > 0)
    self.labels = labels
    rightly = [Int](repeating: 0, count: labels)
    (answered, hits) = (rightly, rightly)
  }

  /// - Precondition: both are below `labels`.
  public mutating func add(right: Int, answered: Int) {
    precondition((0..<labels).contains(right) && (0..<labels).contains(answered))
    add(Text(right: right, answered: answered))
  }

  private mutating func add(_ text: Text) {
    texts.append(text)
    rightly[text.right] += 1
    answered[text.answered] += 1
    if text.right == text.answered { hits[text.right] += 1 }
  }

  public var total: Int { texts.count }

  /// Texts with the right label.
  public var right: Int { hits.reduce(0, +) }

  /// 2·TP / (2·TP + FP + FN) of one label against all others, as scikit-learn's `f1_score`; 0 where no text has the
  /// label or got it.
  public func f1(of label: Int) -> Double {
    guard (0..<labels).contains(label) else { return 0 }
    let both = rightly[label] + answered[label]
    return both == 0 ? 0 : 2 * Double(hits[label]) / Double(both)
  }

  /// Matthews correlation, of more than two labels in Gorodkin's form (2004), as scikit-learn's `matthews_corrcoef`:
  /// −1 to 1; 0 where all texts have one label or got one.
  public var matthews: Double {
    let n = Double(total)
    var (both, rights, answers) = (0.0, 0.0, 0.0)
    for label in 0..<labels {
      let (right, answered) = (Double(rightly[label]), Double(answered[label]))
      both += right * answered
      rights += right * right
      answers += answered * answered
    }
    let scale = ((n * n - rights) * (n * n - answers)).squareRoot()
    return scale > 0 ? min(1, max(-1, (Double(right) * n - both) / scale)) : 0
  }

  /// As many texts, drawn with replacement from these.
  fileprivate func redrawn(_ generator: inout SplitMix64) -> Confusion {
    var drawn = Confusion(labels: labels)
    for _ in texts { drawn.add(texts[generator.next(below: texts.count)]) }
    return drawn
  }
}

extension ConfidenceInterval {
  /// Of a figure of labels that is no share of texts, by the percentile bootstrap (Efron and Tibshirani 1993, chapter
  /// 13): a thousand draws of as many texts with replacement, with a fixed seed. Widened to contain the figure itself,
  /// which a skewed distribution may leave out. Of no texts: the figure. Where all texts are right no draw differs, and
  /// the low end is that of their share.
  /// - Complexity: O(texts) a draw.
  public static func resampled(
    _ confusion: Confusion, _ statistic: (Confusion) -> Double
  ) -> ConfidenceInterval {
    let value = statistic(confusion)
    guard confusion.total > 0 else { return ConfidenceInterval(low: value, high: value) }
    var generator = SplitMix64(seed: 1)
    let draws = (0..<1000).map { _ in statistic(confusion.redrawn(&generator)) }.sorted()
    let certain = confusion.right == confusion.total
    let low = certain ? proportion(confusion.right, of: confusion.total).low : draws[24]
    return ConfidenceInterval(low: min(value, low), high: max(value, draws[974]))
  }
}
