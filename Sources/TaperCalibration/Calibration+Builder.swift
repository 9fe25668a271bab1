public import TaperBase

extension Calibration {
  /// Builds a calibration text by text.
  ///
  /// Sums are in double precision, in the order of `add`: the same texts in the same order give the same bytes.
  public struct Builder: Sendable {
    public let layerCount: Int
    private let selectorLayers: [Int]
    private var kept: [SelectorCounts.Text] = []
    private var contributions: [Double]
    private var deciles: [[Double]]
    private var masses: [[Double]]
    private var lengths: [Int: Int] = [:]
    private var samples: [CalibrationSample] = []
    private var referenceWidth: Int?
    public private(set) var textCount = 0
    private var truncatedCount = 0

    /// - Parameter selectorLayers: layers of the model's selectors, ascending.
    /// - Precondition: at least one layer.
    public init(layerCount: Int, selectorLayers: [Int] = []) {
      precondition(layerCount > 0)
      self.layerCount = layerCount
      self.selectorLayers = selectorLayers
      contributions = [Double](repeating: 0, count: layerCount)
      deciles = Array(
        repeating: [Double](repeating: 0, count: LayerImportance.decileCount), count: layerCount)
      masses = Array(
        repeating: [Double](repeating: 0, count: LayerImportance.massPointCount), count: layerCount)
    }

    /// Adds a text.
    ///
    /// - Parameters:
    ///   - typeIDs: as many as `ids`, or none for all zero.
    ///   - scores: `layerCount` rows of S_l(j), each as long as `ids`.
    ///   - reference: the dense model's output, of one width for all texts.
    ///   - kept: tokens kept by each selector, one number per selector.
    ///   - label: index into the labels given to `finish`.
    ///   - value: the text's target number, for regression.
    /// - Throws: `sample` when sizes do not match or a number is not finite; the text is then not counted.
    public mutating func add(
      ids: [UInt32], typeIDs: [UInt32] = [], scores: [[Float]], reference: [Float], kept: [Int] = [],
      label: Int? = nil, value: Float? = nil, truncated: Bool = false
    ) throws(CalibrationError) {
      try check(ids, typeIDs, scores, reference, label, value)
      let counts = SelectorCounts.Text(tokens: ids.count, kept: kept)
      guard counts.isValid(selectors: selectorLayers.count) else {
        throw .sample(
          index: textCount,
          expected: "kept tokens of \(selectorLayers.count) selectors, never rising from \(ids.count)",
          found: "\(kept)")
      }
      if !selectorLayers.isEmpty { self.kept.append(counts) }
      for (layer, row) in scores.enumerated() {
        let importance = LayerImportance(scores: row)
        contributions[layer] += importance.contextContribution
        for index in deciles[layer].indices { deciles[layer][index] += importance.deciles[index] }
        for index in masses[layer].indices { masses[layer][index] += importance.cumulativeMass[index] }
      }
      referenceWidth = reference.count
      lengths[ids.count, default: 0] += 1
      textCount += 1
      if truncated { truncatedCount += 1 }
      samples.append(
        CalibrationSample(
          ids: ids, typeIDs: typeIDs.isEmpty ? [UInt32](repeating: 0, count: ids.count) : typeIDs,
          reference: reference, label: label, value: value))
    }

    private func check(
      _ ids: [UInt32], _ typeIDs: [UInt32], _ scores: [[Float]], _ reference: [Float], _ label: Int?,
      _ value: Float?
    ) throws(CalibrationError) {
      func require(_ condition: Bool, _ expected: String, _ found: @autoclosure () -> String)
        throws(CalibrationError)
      {
        if !condition { throw .sample(index: textCount, expected: expected, found: found()) }
      }
      try require(!ids.isEmpty, "at least one token", "none")
      try require(
        typeIDs.isEmpty || typeIDs.count == ids.count, "\(ids.count) type ids or none", "\(typeIDs.count)")
      try require(scores.count == layerCount, "scores of \(layerCount) layers", "\(scores.count)")
      for (layer, row) in scores.enumerated() {
        try require(row.count == ids.count, "\(ids.count) scores in layer \(layer + 1)", "\(row.count)")
        for score in row {
          try require(
            score.isFinite && score >= 0, "finite scores, none below zero, in layer \(layer + 1)", "\(score)")
        }
      }
      try require(!reference.isEmpty, "a reference output", "none")
      if let referenceWidth {
        try require(
          reference.count == referenceWidth, "a reference output of \(referenceWidth) numbers",
          "\(reference.count)")
      }
      for number in reference { try require(number.isFinite, "a finite reference output", "\(number)") }
      if let label { try require(label >= 0 && label < Int(Int32.max), "a label index", "\(label)") }
      if let value { try require(value.isFinite, "a finite label value", "\(value)") }
    }

    /// The calibration of all texts added.
    ///
    /// - Throws: `noSamples` without a text, `sample` for a label index outside `labels`.
    public consuming func finish(
      modelDigest: Digest, dataDigest: Digest, tokenizerDigest: Digest = .zero, labels: [String] = [],
      badRowCount: Int = 0
    ) throws(CalibrationError) -> Calibration {
      guard textCount > 0, let referenceWidth else { throw .noSamples }
      for (index, sample) in samples.enumerated() {
        if let label = sample.label, label >= labels.count {
          throw .sample(index: index, expected: "a label index below \(labels.count)", found: "\(label)")
        }
      }
      let count = Double(textCount)
      let layers = (0..<layerCount).map { layer in
        LayerImportance(
          contextContribution: contributions[layer] / count, deciles: deciles[layer].map { $0 / count },
          cumulativeMass: masses[layer].map { $0 / count })
      }
      let calibration = Calibration(
        layers: layers,
        selectors: selectorLayers.isEmpty ? nil : SelectorCounts(layers: selectorLayers, texts: kept),
        lengthHistogram: lengths.sorted { $0.key < $1.key }.map {
          LengthCount(tokens: $0.key, count: $0.value)
        },
        samples: samples, referenceWidth: referenceWidth, labels: labels, textCount: textCount,
        truncatedCount: truncatedCount, badRowCount: badRowCount, modelDigest: modelDigest,
        dataDigest: dataDigest, tokenizerDigest: tokenizerDigest, digest: .zero)
      return calibration.withDigest(CalibrationCodec.encode(calibration).digest)
    }
  }
}
