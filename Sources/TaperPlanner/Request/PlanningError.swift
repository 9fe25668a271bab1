public import TaperBase
public import TaperPlanFormat

/// Why no plan came out. The command line words it.
public enum PlanningError: Error, Hashable, Sendable {
  /// No schedule of the method reaches the target; with the best there is.
  case infeasible(PlanningDiagnostic)
  /// Every plan that meets the target takes more memory than is allowed.
  case memoryExceeded(MemoryDiagnostic)
  case lengthOutOfRange(requested: Int, maximum: Int)
  /// The model fills queries up to more tokens than the plan takes.
  case expansionTooLong(Int, maximum: Int)
  /// Tokens were to be dropped in a model whose queries have tokens that no other attends to.
  case hiddenTokensNotDropped
  /// Tokens were to be dropped in a model that leaves a prompt's tokens out of its pooling.
  case promptTokensNotDropped
  case threadsOutOfRange(requested: Int)
  case depthOutOfRange(requested: Int, layers: Int)
  /// Without layers, tokens were to be dropped or runs to end early.
  case wordRowsKeepEveryToken
  /// Without layers there is no product that a precision would be for.
  case wordRowsNotRounded(Precision)
  /// Without layers, an answer for every token, or a sparse vector, would not depend on the other tokens.
  case wordRowsNeedPooling
  /// Without layers, the model's own head reads what it was not trained on.
  case wordRowsNeedHead
  /// The cost model is for another thread count.
  case threadsDiffer(requested: Int, priced: Int)
  /// A latency of zero, or a speedup that is not a number of at least 1.
  case targetOutOfRange(PlanningTarget)
  /// The last deadline is for shorter inputs than the plan's longest.
  case deadlineMissing(length: Int, last: Int)
  /// An average is taken over a calibration's lengths, and there is no calibration.
  case averageNeedsCalibration
  /// Attention's choice of tokens needs an elimination profile: a calibration's, or one of a given decay.
  case calibrationMissing
  /// The target needs tokens dropped at a length that none of the calibration's texts reaches.
  case lengthNotCovered(Int, covered: Int)
  /// The calibration was made with another model.
  case calibrationOfAnotherModel(expected: Digest, found: Digest)
  /// The calibration's texts were tokenized by another tokenizer.
  case calibrationOfAnotherTokenizer(expected: Digest, found: Digest)
  case calibrationLayersDiffer(expected: Int, found: Int)
  /// The calibration is of a model with selectors after other layers.
  case selectorLayersDiffer(expected: [Int], found: [Int])
  /// The model's selectors are to choose tokens, and it has none below the depth.
  case selectorsMissing
  /// The calibration does not say what the selectors keep.
  case selectorsNotCalibrated
  /// Words are to choose tokens, and the request has no lexicon.
  case lexiconMissing
  /// Without a calibration's texts nothing says which lengths words may be dropped at.
  case wordsNotCalibrated
  /// The lexicon has not a score for each word of the model.
  case lexiconMismatch(expected: Int, found: Int)
  case headShapeMismatch(expectedWeights: Int, foundWeights: Int, labels: Int)
  /// A head that answers for every token cannot be fitted to labels of whole texts.
  case tokenHeadNotFitted
  /// Importance is measured in dense plans only.
  case importanceNeedsDense
  /// Runs are to end early, and the model has no halting points.
  case haltingPointsMissing
  /// A model that halts has one head for each layer, trained together: none can be replaced.
  case haltingKeepsItsHeads
  /// The device profile has no kernel for this kind of op.
  case kernelMissing(OpKind)
  /// The device profile has no kernels of this precision.
  case precisionNotMeasured(Precision)
  /// The target is at a percentile, and the device profile does not say how times spread.
  case tailNotMeasured(Percentile)
  case scheduleMismatch(expectedLength: Int, expectedLayers: Int, foundLength: Int, foundLayers: Int)
  /// The model's weights could not be read; the reason is as TaperModelSpec gives it.
  case weightsUnreadable(tensor: String, reason: String)

  /// Whether no plan meets the request although its inputs are in order.
  public var isInfeasible: Bool {
    switch self {
    case .infeasible, .memoryExceeded, .lengthNotCovered: true
    default: false
    }
  }
}

/// The first eight hexadecimal digits of a digest.
private func short(_ digest: Digest) -> String { String(digest.hex.prefix(8)) }
