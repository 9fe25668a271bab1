public import TaperBase
public import TaperPlanFormat

/// Why no plan came out. Cases carry facts; `description` says what was expected, what was found, what to do.
public enum PlanningError: Error, Hashable, Sendable, CustomStringConvertible {
  /// No schedule of the method reaches the target: the unmet wish, with the best there is.
  case infeasible(PlanningDiagnostic)
  /// Every plan that meets the target takes more memory than is allowed.
  case memoryExceeded(MemoryDiagnostic)
  case lengthOutOfRange(requested: Int, maximum: Int)
  case threadsOutOfRange(requested: Int)
  case depthOutOfRange(requested: Int, layers: Int)
  /// The cost model is of another thread count.
  case threadsDiffer(requested: Int, priced: Int)
  /// A latency of zero, or a speedup that is not a number of at least 1.
  case targetOutOfRange(PlanningTarget)
  /// The deadlines' last step is for shorter inputs than the plan's longest.
  case deadlineMissing(length: Int, last: Int)
  /// An average is over a calibration's lengths.
  case averageNeedsCalibration
  case calibrationMissing(method: PlanningMethod)
  /// The calibration was made with another model.
  case calibrationOfAnotherModel(expected: Digest, found: Digest)
  /// The calibration's texts were tokenized otherwise.
  case calibrationOfAnotherTokenizer(expected: Digest, found: Digest)
  case calibrationLayersDiffer(expected: Int, found: Int)
  /// The calibration saw selectors after other layers.
  case selectorLayersDiffer(expected: [Int], found: [Int])
  /// Method `selector` on a model that has none, or none below the depth.
  case selectorsMissing
  /// The calibration does not tell what the selectors keep.
  case selectorsNotCalibrated
  case headShapeMismatch(expectedWeights: Int, foundWeights: Int, labels: Int)
  /// A head that answers for every token is not fitted to texts' labels.
  case tokenHeadNotFitted
  case importanceNeedsDense(PlanningTarget)
  /// The method ends runs early and the model has no points for it.
  case haltingPointsMissing
  /// Halting answers with a head a layer, which are trained together: none can be put in another's place.
  case haltingKeepsItsHeads
  /// The profile has no kernel for this kind of op.
  case kernelMissing(OpKind)
  /// The profile has no kernels of this precision.
  case precisionNotMeasured(Precision)
  /// A latency at a percentile, and a profile that does not say how times spread.
  case tailNotMeasured(Percentile)
  case unknownPass(name: String)
  case scheduleMismatch(expectedLength: Int, expectedLayers: Int, foundLength: Int, foundLayers: Int)
  /// The model's weights could not be read; the reason is ModelSpec's.
  case weightsUnreadable(tensor: String, reason: String)

  /// Whether a wish cannot be met, the inputs being in order.
  public var isUnmetWish: Bool {
    switch self {
    case .infeasible, .memoryExceeded: true
    default: false
    }
  }

  public var description: String {
    switch self {
    case .infeasible(let diagnostic): diagnostic.description
    case .memoryExceeded(let diagnostic): diagnostic.description
    case .lengthOutOfRange(let requested, let maximum):
      "maximum length: expected 1 to \(maximum) tokens, as the model's positions allow; found \(requested)"
    case .threadsOutOfRange(let requested): "threads: expected 1 to 1024; found \(requested)"
    case .depthOutOfRange(let requested, let layers):
      "depth: expected 1 to \(layers), the model's layers; found \(requested)"
    case .threadsDiffer(let requested, let priced):
      "threads: expected costs of \(requested) threads; found a cost model of \(priced); profile with --threads"
    case .targetOutOfRange(let target):
      "target: expected times above zero, for ascending lengths, or a speedup of at least 1; found \(target)"
    case .deadlineMissing(let length, let last):
      """
      target: expected a deadline for every length up to \(length); found none above \(last); add one (\(length):8ms), or \
      take shorter inputs with --max-length \(last)
      """
    case .averageNeedsCalibration:
      "target: expected a calibration, whose lengths an average is over; found none; give --calibration"
    case .calibrationMissing(let method):
      "method \(method.rawValue) needs a calibration for a target other than dense; make one with taper calibrate"
    case .calibrationOfAnotherModel(let expected, let found):
      """
      calibration: expected one of the model \(short(expected)); found one of \(short(found)); \
      calibrate this model again
      """
    case .calibrationOfAnotherTokenizer(let expected, let found):
      """
      calibration: expected texts tokenized by the model's tokenizer \(short(expected)); found \(short(found)); \
      calibrate this model again
      """
    case .calibrationLayersDiffer(let expected, let found):
      "calibration: expected \(expected) layers; found \(found); calibrate this model again"
    case .selectorLayersDiffer(let expected, let found):
      """
      calibration: expected selectors after layers \(listed(expected)); found them after \(listed(found)); calibrate this \
      model again
      """
    case .selectorsMissing:
      "method selector: expected a model with selectors below its last layer; found none; train them with tune selector"
    case .selectorsNotCalibrated:
      "calibration: expected what the model's selectors keep; found none; calibrate this model again with this version"
    case .headShapeMismatch(let expected, let found, let labels):
      "head: expected \(expected) weights and a label for each output; found \(found) weights and \(labels) labels"
    case .tokenHeadNotFitted:
      "head: expected one answer a text, to fit a head on; found a token classification; plan it without --refit-head"
    case .importanceNeedsDense(let target):
      "importance instrumentation: expected a dense target; found \(target)"
    case .haltingPointsMissing:
      "model: expected halting points for a method that halts; found none; train them with tools/tune halting"
    case .haltingKeepsItsHeads:
      "head: expected the model's own, one a layer, for a method that halts; found a refitted one; tune halting on these texts"
    case .kernelMissing(let kind):
      "device profile: expected a kernel for \(kind); found none; profile the device again with this version"
    case .precisionNotMeasured(let precision):
      """
      device profile: expected measurements of \(precision.rawValue) products; found none; profile the device again \
      with this version
      """
    case .tailNotMeasured(let percentile):
      """
      device profile: expected how times spread, to plan for \(percentile.name); found none; profile the device again \
      with this version
      """
    case .unknownPass(let name):
      "pass: expected one of \(PlannerPass.allCases.map(\.name).joined(separator: ", ")); found \(name)"
    case .scheduleMismatch(let expectedLength, let expectedLayers, let foundLength, let foundLayers):
      """
      schedule: expected \(expectedLength) lengths of \(expectedLayers) layers, keep counts non-increasing from n \
      to at least 1; found \(foundLength) lengths of \(foundLayers) layers, or counts that rise
      """
    case .weightsUnreadable(let tensor, let reason): "weights of \(tensor): \(reason)"
    }
  }
  private func listed(_ layers: [Int]) -> String { layers.map(String.init).joined(separator: ", ") }
}

/// The first eight hexadecimal digits of a digest.
private func short(_ digest: Digest) -> String { String(digest.hex.prefix(8)) }
