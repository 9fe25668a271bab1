/// What every run of a `Normalizer` shares, made once.
struct NormalizerTemplate: Hashable, Sendable {
  let options: NormalizerOptions
  /// For each ASCII byte its normal form, or `Self.dropped`.
  let ascii: [UInt8]
  static let dropped: UInt8 = 0x80

  init(options: NormalizerOptions) {
    self.options = options
    ascii = (0..<128).map { (code: UInt32) in
      let properties = ScalarProperties(code)
      if options.cleansText {
        if properties.isDropped { return Self.dropped }
        if properties.becomesSpace { return 0x20 }
      }
      let lower = options.lowercases ? CaseAndDecomposition.lowercase(of: code).first : code
      return UInt8(truncatingIfNeeded: lower)
    }
  }

  /// The normal form of well-formed UTF-8.
  func normalForm(_ bytes: [UInt8]) -> [UInt8] {
    var normalizer = Normalizer(self)
    var text = NormalizedText()
    _ = normalizer.normalize(bytes, 0..<bytes.count, scalarIndex: 0, into: &text)
    return text.bytes
  }
}
