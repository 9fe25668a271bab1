import TaperJSON
import TaperPlanFormat

/// What a sequence classifier's logits go through before they are an answer.
///
/// sentence-transformers names a class of PyTorch, in config.json or in its own settings. Without a name, one output
/// is a score from 0 to 1 (sigmoid) and several are probabilities (softmax), as in sentence-transformers' CrossEncoder
/// and transformers' pipeline; one output of `problem_type` "regression" stays as it is, as in the pipeline.
struct ScoreActivation {
  private enum Function: String {
    case identity = "Identity"
    case sigmoid = "Sigmoid"
    case softmax = "Softmax"
  }

  /// nil: not named.
  private let function: Function?

  /// - Throws: for another class than these three, which would be another answer.
  init(_ config: JSONFile, _ settings: SentenceSettings?, outputs: Int) throws(ModelSpecError) {
    let nested = try JSONFile(ifPresent: "sentence_transformers", in: config)
    // In the order of the reference: its own settings, then config.json by the newer and by the older name.
    let places = [
      (settings?.file, "activation_fn"), (nested, "activation_fn"),
      (config, "sbert_ce_default_activation_function"),
    ]
    for case (let file?, let key) in places {
      guard let name = file.member(key) else { continue }
      let kind = name.string?.split(separator: ".").last.map(String.init) ?? ""
      guard let function = Function(rawValue: kind), name.string?.hasPrefix("torch.") == true,
        outputs > 1 || function != .softmax
      else {
        throw file.failure(key, expected: "torch's Identity, Sigmoid or, for several labels, Softmax", name)
      }
      self.function = function
      return
    }
    function = nil
  }

  /// Several labels are scored by softmax: it ranks them as their logits do, and `Identity` means no more than that.
  func kind(of classifier: ClassifierConfig) -> HeadKind {
    function == .sigmoid && classifier.outputs > 1 ? .multiLabel : classifier.kind
  }

  func isSigmoid(of classifier: ClassifierConfig) -> Bool {
    guard classifier.outputs == 1, classifier.kind == .regression else { return false }
    return function == .sigmoid || function == nil && !classifier.isNamedRegression
  }
}
