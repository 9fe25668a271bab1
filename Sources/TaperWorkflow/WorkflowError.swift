public import TaperAuditor
public import TaperPlanFormat

/// Why the workflow stopped although every module did its part. The command line words it.
public enum WorkflowError: Error, Hashable, Sendable {
  /// The plan loses more than was allowed; nothing was written.
  /// - Parameter canLowerPrecision: products are in f32, and fewer bits would help. They do not help a speedup, which is
  ///   one over the same precision.
  case accuracyGateFailed(
    AccuracyComparison, allowed: Double, canLowerPrecision: Bool, reachable: Reachable? = nil)
  /// The accuracy that the texts prove is below the floor; nothing was written.
  case accuracyFloorMissed(AccuracyComparison, floor: Double)
  /// No precision meets target, memory and accuracy together.
  case noPrecisionFits([PlanCandidate])
  /// Keep counts for more tokens than the longest input has.
  case keepCountsTooLong(Int, maximum: Int)
  case labelsMissing(line: Int)
  /// Some labels are words, some numbers.
  case labelsMixed
  /// Labels of a data set that are not a model's, by name or by number.
  case labelsDiffer(model: [String], data: [String])
  /// Labels of a model whose head is fitted anew, of which the data set has no text.
  case labelsWithoutText([String])
  case gateNeedsEvidence
  /// A head of that kind gives no answers of which there is such a metric.
  case metricUnfit(AnswerMeasure, head: HeadKind)
  /// F1 of a label that the head does not have.
  case positiveUnknown(labels: [String], found: String)
  /// A metric against right answers was asked for, and no text has one.
  case metricNeedsLabels(AnswerMeasure.Name)
  /// A row without a second text or a number, where cosines of pairs are compared with numbers.
  case pairMissing(line: Int)
  /// So many of the model's results for a text of so many tokens are NaN or infinite.
  case answerNotFinite(tokens: Int, count: Int, of: Int)
  /// Texts were to be read with a prompt whose tokens the model leaves out of its pooling.
  case promptLeftOut(name: String)
  case precisionNeedsCalibration
  case searchNeedsTexts
  /// Scores of words are fitted to texts, and there are too few.
  case wordsNeedTexts(found: Int, least: Int)
  /// A lens is fitted to texts that lose tokens, and there are too few.
  case lensNeedsTexts(found: Int, least: Int)
  /// The head reads no mean over tokens, or every layer has a head.
  case lensNeedsMean
  /// Words are scored by what a text's vector loses without them, and the model gives none.
  case wordsNeedVector
  case cacheUnwritable(path: String)
  /// A file that holds something else than trials of a search.
  case cacheForeign(path: String)

  /// The fastest plan that was found to lose no more.
  public struct Reachable: Hashable, Sendable {
    /// Predicted, at the longest input.
    public var time: Nanoseconds
    public var tokens: Int
    /// Whether it is the dense plan: none that gives anything up passed.
    public var isDense: Bool
  }
}
