package import TaperPlanFormat

/// Inputs of a given length made from real texts, so that the embedding rows read are as varied as in use.
///
/// A text's first and last tokens (the special ones) stay at the ends; what is between is cut, or repeated,
/// to fit.
package struct TimingInputs {
  /// Texts that a length's runs take turns with.
  package static let maximumVariants = 32

  package let inputs: [(ids: [UInt32], typeIDs: [UInt32])]

  /// - Precondition: samples are not empty, nor their ids.
  package init(_ samples: [some TokenizedText], length: Int) {
    // Evenly over the data, as its order may mean something.
    let count = min(samples.count, TimingInputs.maximumVariants)
    inputs = (0..<count).map { variant in
      let sample = samples[variant * samples.count / count]
      let typeIDs = sample.typeIDs.isEmpty ? [] : TimingInputs.fit(sample.typeIDs, length)
      return (TimingInputs.fit(sample.ids, length), typeIDs)
    }
  }

  /// Of `length` elements: the first, the ones between cut or repeated, the last.
  package static func fit(_ tokens: [UInt32], _ length: Int) -> [UInt32] {
    if tokens.count == length { return tokens }
    guard length > 2, tokens.count > 2 else {
      return (0..<length).map { tokens[min($0, tokens.count - 1)] }
    }
    let inner = tokens.count - 2
    return [tokens[0]] + (0..<length - 2).map { tokens[1 + $0 % inner] } + [tokens[tokens.count - 1]]
  }
}
