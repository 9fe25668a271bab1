import TaperBase
import TaperPlanFormat
import TaperPlanner

extension PlanningError {
  var words: String {
    switch self {
    case .infeasible(let diagnostic): diagnostic.words
    case .memoryExceeded(let diagnostic): diagnostic.words
    case .lengthOutOfRange(let requested, let maximum):
      "--max-length: expected 1 to \(maximum) tokens, as many as the model has positions for; found \(requested)"
    case .threadsOutOfRange(let requested): "--threads: expected 1 to 1024; found \(requested)"
    case .depthOutOfRange(let requested, let layers):
      "--depth: expected 0 to \(layers), the model's layers; found \(requested)"
    case .wordRowsKeepEveryToken:
      """
      --depth 0: expected every token to be kept, since no layer is left that could drop one or end a run; found a \
      method that does; use --dense, or --method depth with a target
      """
    case .wordRowsNotRounded(let precision):
      """
      --depth 0: expected f32, since no layer is left whose products a precision would be for; found \
      --precision \(precision.rawValue); leave it out
      """
    case .wordRowsNeedPooling:
      """
      --depth 0: expected a model that answers for whole texts, whose word rows it averages; found one of token \
      labels, token vectors or sparse vectors; keep one layer at least
      """
    case .wordRowsNeedHead:
      """
      --depth 0: expected a head fitted to word rows, since the model's own was trained on the last layer's states; \
      found none; give --refit-head labelled.jsonl
      """
    case .threadsDiffer(let requested, let priced):
      """
      --threads: expected a profile of \(requested) threads; found one of \(priced); measure it with taper profile \
      --threads \(requested)
      """
    case .targetOutOfRange(let target):
      "target: expected times above zero, for ascending lengths, or a speedup of at least 1; found \(target.words)"
    case .deadlineMissing(let length, let last):
      """
      --latency: expected a deadline for every length up to \(length); found none above \(last); add one \
      (\(length):8ms), or accept only shorter inputs with --max-length \(last)
      """
    case .averageNeedsCalibration:
      """
      --mean-latency, --throughput: expected a calibration, over whose lengths the average is taken; found none; give \
      --calibration
      """
    case .calibrationMissing:
      """
      --calibration: expected one, to drop tokens by attention; found none; make one with taper calibrate, or give \
      --decay
      """
    case .lengthNotCovered(let length, let covered):
      """
      calibration: expected texts of up to \(length) tokens, since the target needs tokens dropped there; found enough \
      for lengths of up to \(covered) only, so nothing tells what that does to the answers; calibrate on longer texts, \
      plan for --max-length \(covered), try --precision auto, which needs no tokens dropped, or drop them unseen with \
      --beyond-calibration
      """
    case .calibrationOfAnotherModel(let expected, let found):
      """
      calibration: expected one of the model \(expected.start); found one of \(found.start); calibrate this model again
      """
    case .calibrationOfAnotherTokenizer(let expected, let found):
      """
      calibration: expected texts tokenized by the model's tokenizer \(expected.start); found \(found.start); \
      calibrate this model again
      """
    case .calibrationLayersDiffer(let expected, let found):
      "calibration: expected \(expected) layers; found \(found); calibrate this model again"
    case .selectorLayersDiffer(let expected, let found):
      """
      calibration: expected selectors after layers \(ErrorText.list(expected)); found them after layers \
      \(ErrorText.list(found)); calibrate this model again
      """
    case .selectorsMissing:
      """
      --method: expected a model with selectors below its last layer; found none; train them with tools/tune \
      selector, or choose another method
      """
    case .selectorsNotCalibrated:
      """
      calibration: expected how many tokens the model's selectors keep; found nothing of it; calibrate this model \
      again with this version
      """
    case .wordsNotCalibrated:
      "--calibration: expected one, whose texts say at which lengths words may be dropped; found none; make one with "
        + "taper calibrate"
    case .lexiconMissing: "method lexical: expected scores of words; found none"
    case .lexiconMismatch(let expected, let found):
      "scores of words: expected \(expected), one for each of the model's; found \(found)"
    case .headShapeMismatch(let expected, let found, let labels):
      "head: expected \(expected) weights and a label for each output; found \(found) weights and \(labels) labels"
    case .expansionTooLong(let length, let maximum):
      "--max-length: expected \(length) at least, to which the model fills queries up; found \(maximum)"
    case .hiddenTokensNotDropped:
      """
      expected a plan that keeps every token (--dense), for this model fills queries up with tokens that no other \
      attends to, and attention cannot say which of them to drop; found a method that drops tokens
      """
    case .promptTokensNotDropped:
      """
      expected a plan that keeps every token (--dense), for this model leaves its prompts' tokens out of the pooling \
      (include_prompt: false); found a method that drops tokens
      """
    case .tokenHeadNotFitted:
      """
      --refit-head: expected a head that gives a text one label, number or dense vector; found a token classification, \
      token vectors or a sparse vector; plan it without --refit-head
      """
    case .importanceNeedsDense: "importance instrumentation: expected a dense plan; found another method"
    case .haltingPointsMissing:
      """
      --method: expected a model with halting points; found none; train them with tools/tune halting, or choose \
      another method
      """
    case .haltingKeepsItsHeads:
      """
      head: expected the model's own, one for each layer, for a method that halts; found a refitted one; train the \
      model on these texts with tools/tune halting
      """
    case .kernelMissing(let kind):
      "device profile: expected a kernel for \(kind); found none; profile the device again with this version"
    case .precisionNotMeasured(let precision):
      """
      device profile: expected measurements of \(precision.rawValue) products; found none; profile the device again \
      with this version\(precision == .f32x3 ? " and --planes, which AMX does not need" : "")
      """
    case .tailNotMeasured(let percentile):
      """
      device profile: expected how times spread, to plan for \(percentile.name); found nothing of it; profile the \
      device again with this version
      """
    case .scheduleMismatch(let expectedLength, let expectedLayers, let foundLength, let foundLayers):
      """
      keep counts: expected \(expectedLength) lengths of \(expectedLayers) layers, each from n to at least 1 and never \
      rising; found \(foundLength) lengths of \(foundLayers) layers, or counts that rise
      """
    case .weightsUnreadable(let tensor, let reason): "weights of \(tensor): \(reason)"
    }
  }
}

extension Digest {
  fileprivate var start: String { String(hex.prefix(8)) }
}

extension PlanningDiagnostic {
  /// "target 5.0 ms unreachable: best 6.1 ms at 128 tokens (…)".
  var words: String {
    let reached =
      switch target {
      case .workSpeedup, .speedup:
        """
        best \(NumberText.times(bestSpeedup)) at \(length) tokens (\(NumberText.time(best)); dense \
        \(NumberText.time(dense)))
        """
      case .times:
        bestAverageWords.map { "best \($0) (\(length) tokens take \(NumberText.time(best)))" }
          ?? "best \(NumberText.time(best)) at \(length) tokens (dense \(NumberText.time(dense))\(spread))"
      }
    let missed = missedLimit.map { "target \($0.words)" } ?? target.words
    if let bestDepth {
      return
        "\(missed) unreachable: \(reached); with \(bestDepth == 1 ? "one layer" : "\(bestDepth) layers") left"
    }
    let kept = bestKeepCounts.first ?? length
    return """
      \(missed) unreachable: \(reached); with \(kept == 1 ? "one token" : "\(kept) tokens") kept after layer 1 the \
      encoder still reads \(NumberText.size(weightTraffic)) of weights: \(NumberText.time(weightTime))
      """
  }

  /// How far the percentile is above the median; nothing for a target of medians.
  private var spread: String {
    target.percentile == .p50
      ? "" : "; \(target.percentile.name) is \(NumberText.times(overMedian)) the median in the profile"
  }

  /// The best average, in the target's unit.
  private var bestAverageWords: String? {
    guard let bestAverage else { return nil }
    switch target.limits?.average {
    case .throughput: return TimeLimits.Average.throughput(1e9 / Double(max(1, bestAverage.rawValue))).words
    default: return TimeLimits.Average.time(bestAverage).words
    }
  }
}

extension PlanningTarget {
  var words: String {
    switch self {
    case .times(let limits): "target \(limits.words)"
    case .speedup(let factor): "speedup \(NumberText.times(factor)) in time"
    case .workSpeedup(let factor): "speedup \(NumberText.times(factor)) in work"
    }
  }
}

extension TimeLimits {
  /// "5.0 ms at p99 up to 64 tokens, 4.0 ms on average".
  var words: String {
    var words = steps.map { step in
      let time = NumberText.time(step.time)
      let limit = percentile == .p50 ? time : "\(time) at \(percentile.name)"
      return step.maximumLength == .max ? limit : "\(limit) up to \(step.maximumLength) tokens"
    }
    if let average { words.append(average.words) }
    return words.joined(separator: ", ")
  }
}

extension TimeLimits.Average {
  var words: String {
    switch self {
    case .time(let time): "\(NumberText.time(time)) on average"
    case .throughput(let rate): "\(NumberText.fixed(rate, rate < 100 ? 1 : 0)) texts a second"
    }
  }
}

extension MemoryDiagnostic {
  var words: String {
    let fits = remedies.filter { $0.needed <= allowed }
    let advice =
      if !fits.isEmpty {
        fits.map { "\($0.change.option) needs \(NumberText.size($0.needed))" }.joined(separator: ", ")
      } else if let least = remedies.min(by: { $0.needed < $1.needed }) {
        "the least possible is \(NumberText.size(least.needed)), with \(least.change.option)"
      } else {
        "allow more"
      }
    return
      "\(part.words): expected at most \(NumberText.size(allowed)); found \(NumberText.size(needed)); \(advice)"
  }
}

extension MemoryDiagnostic.Part {
  var words: String {
    switch self {
    case .arena: "arena"
    case .resident: "resident memory"
    }
  }
}

extension MemoryDiagnostic.Remedy.Change {
  fileprivate var option: String {
    switch self {
    case .precision(let precision): "--precision \(precision.rawValue)"
    case .maximumLength(let length): "--max-length \(length)"
    case .depth(let depth): "--depth \(depth)"
    }
  }
}
