import TaperAuditor
import TaperBase
import TaperPlanFormat
import TaperPlanner
import TaperWorkflow

extension WorkflowError {
  var words: String {
    switch self {
    case .accuracyGateFailed(let accuracy, let allowed, let canLowerPrecision, let reachable):
      """
      accuracy gate: expected at most \(points(allowed)) points of \(accuracy.metric.name) lost; found \
      \(points(accuracy.drop)) (\(points(accuracy.dense)) dense, \(points(accuracy.planned)) planned, on \
      \(accuracy.count) texts\(resolution(accuracy, allowed)))\(reachable.map(words) ?? ""); ask for less speed, \
      \(canLowerPrecision ? "try --precision auto, which gives up bits before tokens, " : "")\
      refit the head with --refit-head, or allow more with --max-drop
      """
    case .accuracyFloorMissed(let accuracy, let floor):
      """
      accuracy floor: expected \(accuracy.metric.name) of at least \(points(floor)); found \
      \(points(accuracy.planned))\(interval(accuracy)) on \(accuracy.count) texts (\(points(accuracy.dense)) dense); \
      ask for less speed, refit the head with --refit-head, measure on more texts (the interval narrows), or lower \
      --min-accuracy
      """
    case .noPrecisionFits(let candidates):
      "--precision auto: expected a precision that meets target, memory and accuracy together; found none: "
        + candidates.map { "\($0.name): \($0.explanation)" }.joined(separator: "; ")
        + "; allow more memory, more time or a larger --max-drop"
    case .keepCountsTooLong(let found, let maximum):
      "--keep-counts: expected at most \(maximum) tokens, the longest input; found \(found)"
    case .labelsMissing(let line):
      "line \(line): expected a label; found none; a head is fitted on labelled texts only"
    case .labelsMixed: "labels: expected all words or all numbers; found both; correct the file"
    case .labelsDiffer(let model, let data):
      "labels: expected the model's: \(list(model)), or their numbers from 0; found \(list(data)); name the column of "
        + "the labels with --label-column, leave them out with --no-labels, or fit a head for them with taper fit-head"
    case .labelsWithoutText(let labels):
      "labels: expected texts of every label of the model; found none of \(list(labels)); give more texts, or "
        + "draw more of them with --refit-limit"
    case .searchNeedsTexts:
      "--method search: expected texts to measure candidates on; found none; give --refit-head or --calibration"
    case .wordsNeedTexts(let found, let least):
      "--method lexical: expected at least \(least) texts to fit the scores of words to: those that the head of "
        + "--refit-head is fitted to, or else two in three of the calibration's, no longer than --max-length; found "
        + "\(found); give more texts"
    case .lensNeedsTexts(let found, let least):
      "--read-out lens: expected at least \(least) texts that lose tokens, besides those that judge; found \(found); "
        + "give more texts, or --read-out kept"
    case .wordsNeedVector:
      "--method lexical: expected a model that makes one vector of a text, by which words are scored; found one that "
        + "answers token by token, or with a sparse vector; use --method acc"
    case .lensNeedsMean:
      "--read-out lens: expected a head that reads the mean over tokens, once, after the last layer; found another; "
        + "leave --read-out out"
    case .cacheUnwritable(let path):
      "\(path): expected a file that lines can be added to; found none; choose another --search-cache"
    case .cacheForeign(let path):
      "\(path): expected trials of a search, or a new file; found something else; choose another --search-cache"
    case .precisionNeedsCalibration:
      "--precision auto: expected calibration texts to measure on; found none; give --calibration"
    case .promptLeftOut(let name):
      "expected --no-prompt: with a prompt before its texts, this model leaves the prompt's tokens out of the pooling, "
        + "which only `taper run` does; found prompt \"\(name)\""
    case .answerNotFinite(let tokens, let count, let all):
      "canary examples: expected numbers; found \(count) of \(all) NaN or infinite for one of "
        + "\(NumberText.count(tokens, "token")): the model's numbers leave f32's range; its weights may be damaged, or "
        + "the plan's precision too low for them"
    case .metricUnfit(let measure, let head):
      "--metric: expected \(Self.metrics(of: head)); found \(measure.name?.rawValue ?? "")"
    case .positiveUnknown(let labels, let found):
      "--positive: expected one of the labels \(list(labels)); found \(found)"
    case .metricNeedsLabels(let name):
      "--metric \(name.rawValue): expected texts with right answers to measure on, all of the head's labels or "
        + "numbers; found none; calibrate on labelled texts, give --refit-head, or leave --metric out"
    case .pairMissing(let line):
      "line \(line): expected two texts and a number, to compare with the cosine of their vectors; found fewer; name "
        + "their columns with --pair-column and --label-column, or leave --metric out"
    case .gateNeedsEvidence:
      "--max-drop, --min-accuracy: expected texts to measure on; found none; give --calibration or --refit-head"
    }
  }

  /// What a head of the kind can be measured by.
  private static func metrics(of head: HeadKind) -> String {
    switch head {
    case .classification: "accuracy, matthews or f1 for a head of two labels or more"
    case .multiLabel: "accuracy for a head of several labels a text"
    case .regression: "spearman, or none for R² and Pearson's correlation, for a head of numbers"
    case .embedding:
      "none for embeddings, which have no right ones; taper audit and taper sweep --test take spearman for pairs of "
        + "texts with a number"
    case .tokenClassification, .sparse, .tokenVectors: "none for answers of tokens"
    }
  }

  /// The first of them; a data set may have thousands.
  private func list(_ labels: [String]) -> String {
    labels.prefix(12).joined(separator: ", ") + (labels.count > 12 ? " and \(labels.count - 12) more" : "")
  }

  private func words(_ reachable: Reachable) -> String {
    let time = "~\(NumberText.time(reachable.time)) at \(NumberText.count(reachable.tokens, "token"))"
    return reachable.isDense
      ? "; of the plans tried only the dense one passes: \(time)"
      : "; the fastest plan found that passes: \(time)"
  }

  /// What a text more or less is worth, where that alone is more than is allowed.
  private func resolution(_ accuracy: AccuracyComparison, _ allowed: Double) -> String {
    accuracy.step > allowed ? ", of which one is \(points(accuracy.step)) points" : ""
  }

  private func interval(_ accuracy: AccuracyComparison) -> String {
    accuracy.interval.map { ", of which \(points($0.low)) to \(points($0.high)) is proven (95%)," } ?? ""
  }

  private func points(_ share: Double) -> String { NumberText.fixed(share * 100, 2) }
}

extension GoalConflict {
  var words: String {
    switch self {
    case .searchChooses:
      """
      --method search: expected a target in time or work, and no --depth, which it chooses; found --dense or --depth
      """
    case .selectorsNeedTarget: "--method selector: expected a target in time or work; found --dense"
    case .wordsNeedTarget: "--method lexical: expected a target in time or work; found --dense"
    case .depthNeedsTarget: "--method depth: expected a target or --depth; found --dense alone"
    case .decayNeedsTarget(let found):
      "--decay: expected a target in time or work; found \(found == .dense ? "--dense" : "--keep-counts")"
    case .keepCountsNeedAcc(let found):
      "--keep-counts: expected method acc without a decay; found --method \(found.rawValue)"
    }
  }
}

extension PlanCandidate {
  /// What sets it apart: "int8", "4 layers".
  var name: String {
    switch kind {
    case .precision(let precision): precision.name
    case .depth(let layers): NumberText.count(layers, "layer")
    case .readOut(.lens): "dropped tokens through a lens"
    case .readOut(.kept): "kept tokens' states"
    case .readOut(.restored), .readOut(.auto): "all tokens' last states"
    }
  }

  /// "~4.90 ms, but 1.20 points lost (at most 0.30)".
  var explanation: String {
    let time = predicted.map { "~" + NumberText.time($0) }
    let lost = lost.map { "\(NumberText.fixed($0 * 100, 2)) points lost" }
    func but(_ why: String) -> String { [time, "but \(why)"].compactMap(\.self).joined(separator: ", ") }
    return switch reason {
    case nil: ([time, lost].compactMap(\.self) + ["taken"]).joined(separator: ", ")
    case .unreachable(let diagnostic): diagnostic.words
    case .tooLarge(let diagnostic):
      but(
        """
        \(diagnostic.part.words) of \(NumberText.size(diagnostic.needed)) (at most \
        \(NumberText.size(diagnostic.allowed)))
        """
      )
    case .inaccurate(let allowed):
      but("\(lost ?? "too much lost") (at most \(NumberText.fixed(allowed * 100, 2)))")
    case .dropsTokens: but("only with tokens dropped; bits are given up first")
    case .worse(let texts) where self.lost ?? 1 < 0.00005:
      but("no better than the one taken, on \(texts) texts")
    case .worse(let texts): but("\(lost ?? "worse") against the one taken, on \(texts) texts")
    }
  }
}
