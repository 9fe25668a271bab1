/// A step of a normalizer. A Sequence is the list of its steps.
enum Normalization: Hashable, Sendable {
  case bert(BertNormalizerOptions)
  case lowercase
  case form(NormalizationForm.Kind)
  case stripAccents
  case nmt
  case strip(left: Bool, right: Bool)
  case replace(TextPattern, with: [UInt8])
  case prepend([UInt8])
  case characterMap(CharacterMap)
  case byteLevel
  /// Parts of `bert`, for when other steps come before or after it.
  case clean
  case spaceChinese
  case dropNonspacingMarks

  /// The steps that each rewrite the whole text.
  var passes: [Normalization] {
    guard case .bert(let options) = self else { return [self] }
    var passes: [Normalization] = []
    if options.cleansText { passes.append(.clean) }
    if options.spacesChinese { passes.append(.spaceChinese) }
    if options.stripsAccents {
      passes += [.form(NormalizationForm.Kind(isCompatible: false, composes: false)), .dropNonspacingMarks]
    }
    if options.lowercases { passes.append(.lowercase) }
    return passes
  }

  var lowercases: Bool {
    switch self {
    case .lowercase: true
    case .bert(let options): options.lowercases
    default: false
    }
  }

  /// How many times longer a text can become, at most.
  var growth: Double {
    switch self {
    case .lowercase, .strip, .nmt, .stripAccents, .clean, .dropNonspacingMarks: 2
    case .form(let kind): kind.isCompatible ? 12 : 3
    case .bert, .spaceChinese: 6
    case .byteLevel: 2
    case .prepend(let text): Double(text.count + 1)
    case .replace(let pattern, let content): max(1, Double(content.count) / Double(pattern.minimumLength))
    case .characterMap(let map): Double(max(1, map.longestReplacement))
    }
  }

  /// Rewrites a text.
  func apply(_ source: NormalizedText, into result: inout NormalizedText) {
    result.base = source.base
    switch self {
    case .bert:
      result = source
      for pass in passes {
        let text = result
        result.removeAll()
        pass.apply(text, into: &result)
      }
    case .lowercase:
      Self.rewrite(source, into: &result) { scalar, rewriter, result in
        let (first, second) = CaseAndDecomposition.lowercase(of: scalar)
        rewriter.replace(with: first, into: &result)
        if let second { rewriter.insert(second, into: &result) }
      }
    case .form(let kind): NormalizationForm.apply(kind, source, into: &result)
    case .stripAccents: Self.filter(source, into: &result) { !ScalarClasses($0).isMark }
    case .dropNonspacingMarks:
      Self.filter(source, into: &result) { !ScalarProperties($0).isNonspacingMark }
    case .nmt:
      Self.rewrite(source, into: &result) { scalar, rewriter, result in
        if Self.isDroppedByNmt(scalar) { return rewriter.skip() }
        rewriter.replace(with: Self.isSpacedByNmt(scalar) ? 0x20 : scalar, into: &result)
      }
    case .clean:
      Self.rewrite(source, into: &result) { scalar, rewriter, result in
        let properties = ScalarProperties(scalar)
        if properties.isDropped { return rewriter.skip() }
        rewriter.replace(with: properties.becomesSpace ? 0x20 : scalar, into: &result)
      }
    case .spaceChinese:
      Self.rewrite(source, into: &result) { scalar, rewriter, result in
        guard ScalarProperties(scalar).isChinese else { return rewriter.replace(with: scalar, into: &result) }
        rewriter.replace(with: 0x20, into: &result)
        rewriter.insert(scalar, into: &result)
        rewriter.insert(0x20, into: &result)
      }
    case .strip(let left, let right):
      var begin = 0
      var end = source.bytes.count
      if left { begin = AddedTokenMatcher.whiteSpace(after: 0, in: source.bytes, upTo: end) }
      if right { end = AddedTokenMatcher.whiteSpace(before: end, in: source.bytes, downTo: begin) }
      result.append(source, begin..<end)
    case .replace(let pattern, let content):
      var index = 0
      while let match = pattern.next(in: source.bytes, from: index, limit: source.bytes.count) {
        result.append(source, index..<match.lowerBound)
        result.append(contentsOf: content, source.origins[match.upperBound - 1])
        index = match.upperBound
      }
      result.append(source, index..<source.bytes.count)
    case .prepend(let text):
      if let origin = source.origins.first { result.append(contentsOf: text, origin) }
      result.append(source, 0..<source.bytes.count)
    case .characterMap(let map): map.apply(source, into: &result)
    case .byteLevel: ByteAlphabet.spell(source, 0..<source.bytes.count, into: &result)
    }
  }

  private static func rewrite(
    _ source: NormalizedText, into result: inout NormalizedText,
    _ write: (UInt32, inout TextRewriter, inout NormalizedText) -> Void
  ) {
    var rewriter = TextRewriter(source)
    var index = 0
    while index < source.bytes.count {
      let (scalar, length) = UTF8Bytes.scalar(in: source.bytes, at: index)
      write(scalar, &rewriter, &result)
      index += length
    }
  }

  private static func filter(
    _ source: NormalizedText, into result: inout NormalizedText, _ keeps: (UInt32) -> Bool
  ) {
    rewrite(source, into: &result) { scalar, rewriter, result in
      if keeps(scalar) { rewriter.replace(with: scalar, into: &result) } else { rewriter.skip() }
    }
  }

  private static func isDroppedByNmt(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x1...0x8, 0xB, 0xE...0x1F, 0x7F, 0x8F, 0x9F: true
    default: false
    }
  }

  private static func isSpacedByNmt(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x9, 0xA, 0xC, 0xD, 0x1680, 0x200B...0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD: true
    default: false
    }
  }
}
