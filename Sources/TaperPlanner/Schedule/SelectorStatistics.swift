package import TaperCalibration
import TaperPlanFormat

/// How many tokens the selectors kept in the calibration, by input length.
///
/// A calibration has texts of some lengths only, and few of most. A length is therefore represented by the texts
/// nearest in length (ours), their counts scaled to it.
package struct SelectorStatistics: Sendable {
  /// Texts that represent a length.
  static let neighbours = 64

  /// Layers whose output is selected from.
  let layers: [Int]
  /// Ascending by length.
  private let texts: [SelectorCounts.Text]

  /// - Precondition: at least one text.
  package init(_ counts: SelectorCounts) {
    layers = counts.layers
    texts = counts.texts.enumerated().sorted {
      ($0.element.tokens, $0.offset) < ($1.element.tokens, $1.offset)
    }
    .map(\.element)
  }

  var count: Int { texts.count }

  /// k_1…k_L of `RetentionFamily`: the mean share of tokens that go on after each selector, at texts of about that
  /// length.
  func retention(length: Int, layerCount: Int) -> [Double?] {
    let near = nearest(length)
    var profile = [Double?](repeating: nil, count: layerCount)
    for (place, layer) in layers.enumerated() where layer <= layerCount {
      let sum = near.reduce(0) { $0 + Double($1.kept[place]) / Double($1.tokens) }
      profile[layer - 1] = sum / Double(near.count)
    }
    return profile
  }

  /// T(0)…T(L) of every text nearest to `length`, as if it had that length, below `ceilings`.
  func counts(length: Int, ceilings: ArraySlice<UInt16>) -> [[Int]] {
    nearest(length).map { text in
      counts(text.kept.map { Double($0) * Double(length) / Double(text.tokens) }, length, ceilings)
    }
  }

  /// T(0)…T(L) of every text at its own length, ascending; texts longer than the schedule's longest are left out.
  func counts(_ schedule: Schedule) -> [[Int]] {
    texts.filter { $0.tokens <= schedule.maximumLength }.map { text in
      counts(text.kept.map(Double.init), text.tokens, schedule.retentionConfiguration(length: text.tokens))
    }
  }

  /// For each layer, the share of texts whose selector would keep more tokens than the schedule allows after it.
  func cappedShares(_ schedule: Schedule) -> [Float] {
    let texts = texts.filter { $0.tokens <= schedule.maximumLength }
    var shares = [Float](repeating: 0, count: schedule.layerCount)
    for (place, layer) in layers.enumerated() where layer <= schedule.layerCount && !texts.isEmpty {
      let capped = texts.count { $0.kept[place] > schedule.tokens(after: layer, length: $0.tokens) }
      shares[layer - 1] = Float(capped) / Float(texts.count)
    }
    return shares
  }

  private func counts(_ kept: [Double], _ length: Int, _ ceilings: ArraySlice<UInt16>) -> [Int] {
    var counts = [length]
    for (layer, ceiling) in ceilings.enumerated().dropFirst() {
      var count = min(counts[layer - 1], Int(ceiling))
      if let place = layers.firstIndex(of: layer) { count = min(count, max(1, Int(kept[place].rounded()))) }
      counts.append(count)
    }
    return counts
  }

  /// The texts nearest in length, the shorter on a tie.
  private func nearest(_ length: Int) -> ArraySlice<SelectorCounts.Text> {
    var upper = texts.firstIndex { $0.tokens >= length } ?? texts.count
    var lower = upper
    while upper - lower < min(Self.neighbours, texts.count) {
      let below = lower > 0 ? length - texts[lower - 1].tokens : .max
      let above = upper < texts.count ? texts[upper].tokens - length : .max
      if below <= above { lower -= 1 } else { upper += 1 }
    }
    return texts[lower..<upper]
  }
}
