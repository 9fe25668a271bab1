/// How a text becomes the pieces that the model splits into tokens: a normalizer and a pre-tokenizer.
struct Pipeline: Hashable, Sendable {
  let normalizations: [Normalization]
  let splittings: [Splitting]

  /// The steps in the form in which they are run.
  let normalizationPasses: [Normalization]
  let splittingPasses: [Splitting]
  /// What to do when the pipeline is BERT's, which is run in one pass; nil for any other.
  let bert: BertNormalizerTemplate?

  /// More steps than any real tokenizer has.
  static let maximumSteps = 32
  /// How many times longer a text may become.
  private static let maximumGrowth = 100_000.0

  init(normalizations: [Normalization], splittings: [Splitting]) {
    self.normalizations = normalizations
    self.splittings = splittings
    normalizationPasses = normalizations.flatMap(\.passes)
    splittingPasses = splittings.flatMap(\.passes)
    bert = splittings == [.bert] ? Self.bertOptions(normalizations).map { .init(options: $0) } : nil
  }

  /// The options of one BertNormalizer that does what the steps do. Lowercasing first, as sentence-transformers has it,
  /// comes to the same as lowercasing last: no scalar's lowercase is cleaned, spaced or stripped in another way.
  private static func bertOptions(_ steps: [Normalization]) -> BertNormalizerOptions? {
    guard case .bert(var options) = steps.last else { return nil }
    switch steps.count {
    case 1: return options
    case 2 where steps[0] == .lowercase:
      options.lowercases = true
      return options
    default: return nil
    }
  }

  /// The steps are few, and no text grows without bound in them.
  var isBounded: Bool {
    normalizations.count <= Self.maximumSteps && splittings.count <= Self.maximumSteps
      && (normalizations.map(\.growth) + splittings.map(\.growth)).reduce(1, *) <= Self.maximumGrowth
  }

  /// The normal form of well-formed UTF-8.
  func normalize(_ bytes: [UInt8]) -> NormalizedText {
    var text = NormalizedText()
    if let bert {
      var normalizer = BertNormalizer(bert)
      _ = normalizer.normalize(bytes, 0..<bytes.count, scalarIndex: 0, into: &text)
      return text
    }
    _ = text.fill(bytes, 0..<bytes.count, scalarIndex: 0)
    var spare = NormalizedText()
    normalize(&text, &spare)
    return text
  }

  /// Runs the normalizer's passes.
  func normalize(_ text: inout NormalizedText, _ spare: inout NormalizedText) {
    for pass in normalizationPasses {
      spare.removeAll()
      pass.apply(text, into: &spare)
      swap(&text, &spare)
    }
  }
}
