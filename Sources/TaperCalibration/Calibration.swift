public import TaperBase
public import TaperPlanFormat

/// A model's behaviour on representative texts: token importance by layer, lengths, and reference outputs.
///
/// Built once for a model and a set of texts (`Calibration.Builder`). The planner reads it to shape schedules and to
/// compare candidates, the auditor to measure agreement. On disk it is a directory of two files:
/// `CalibrationDirectory`.
public struct Calibration: Hashable, Sendable {
  /// Layers 1…L.
  public let layers: [LayerImportance]
  /// nil for a model without selectors.
  public let selectors: SelectorCounts?
  /// Lengths of all texts, ascending, special tokens included.
  public let lengthHistogram: [LengthCount]
  /// Texts in data order; at most `textCount`.
  public let samples: [CalibrationSample]
  /// Length of every sample's reference.
  public let referenceWidth: Int
  /// Names of the samples' label indexes.
  public let labels: [String]
  /// Texts in the statistics.
  public let textCount: Int
  /// Texts that were cut to the maximum length.
  public let truncatedCount: Int
  /// Rows of the data that were skipped.
  public let badRowCount: Int
  public let modelDigest: Digest
  public let dataDigest: Digest
  public let tokenizerDigest: Digest
  /// SHA-256 of calibration.json's bytes, which contain the digest of reference.safetensors.
  public let digest: Digest

  init(
    layers: [LayerImportance], selectors: SelectorCounts?, lengthHistogram: [LengthCount],
    samples: [CalibrationSample],
    referenceWidth: Int,
    labels: [String], textCount: Int, truncatedCount: Int, badRowCount: Int, modelDigest: Digest,
    dataDigest: Digest, tokenizerDigest: Digest, digest: Digest
  ) {
    self.layers = layers
    self.selectors = selectors
    self.lengthHistogram = lengthHistogram
    self.samples = samples
    self.referenceWidth = referenceWidth
    self.labels = labels
    self.textCount = textCount
    self.truncatedCount = truncatedCount
    self.badRowCount = badRowCount
    self.modelDigest = modelDigest
    self.dataDigest = dataDigest
    self.tokenizerDigest = tokenizerDigest
    self.digest = digest
  }

  /// ACC_1 … ACC_L.
  public var contextContributions: [Double] { layers.map(\.contextContribution) }

  /// k_1 … k_L of `EliminationProfile`.
  public var eliminationProfile: [Double] {
    EliminationProfile(contributions: contextContributions).retention
  }

  /// Tokens of all texts.
  public var tokenCount: Int { lengthHistogram.reduce(0) { $0 + $1.tokens * $1.count } }

  /// Equal digests mean equal contents; the samples need not be hashed again.
  public func hash(into hasher: inout Hasher) { hasher.combine(digest) }

  func withDigest(_ digest: Digest) -> Calibration { changed(samples: samples, digest: digest) }

  /// The same statistics with some of the samples, by number: the others have been used for something else.
  public func keeping(samples numbers: [Int]) -> Calibration {
    changed(samples: numbers.map { samples[$0] }, digest: digest)
  }

  private func changed(samples: [CalibrationSample], digest: Digest) -> Calibration {
    Calibration(
      layers: layers, selectors: selectors, lengthHistogram: lengthHistogram, samples: samples,
      referenceWidth: referenceWidth,
      labels: labels, textCount: textCount, truncatedCount: truncatedCount, badRowCount: badRowCount,
      modelDigest: modelDigest, dataDigest: dataDigest, tokenizerDigest: tokenizerDigest, digest: digest)
  }
}

/// A tokenised calibration text with the dense model's output.
public struct CalibrationSample: TokenizedText, Hashable, Sendable {
  public var ids: [UInt32]
  /// As many as `ids`.
  public var typeIDs: [UInt32]
  /// The dense model's output: `Calibration.referenceWidth` numbers.
  public var reference: [Float]
  /// Index into `Calibration.labels`; nil without a label.
  public var label: Int?
  /// The text's target number, for regression.
  public var value: Float?

  public init(ids: [UInt32], typeIDs: [UInt32], reference: [Float], label: Int? = nil, value: Float? = nil) {
    self.ids = ids
    self.typeIDs = typeIDs
    self.reference = reference
    self.label = label
    self.value = value
  }
}

/// The number of texts of one length: a bar of a length histogram.
public struct LengthCount: Hashable, Sendable {
  /// Special tokens included.
  public var tokens: Int
  public var count: Int
  public init(tokens: Int, count: Int) {
    self.tokens = tokens
    self.count = count
  }
}
