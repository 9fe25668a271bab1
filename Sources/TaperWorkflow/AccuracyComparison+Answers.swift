package import TaperAuditor
internal import TaperBase
internal import TaperHeadFitting
internal import TaperModelSpec
package import TaperPlanFormat
internal import TaperPlanner

extension AccuracyComparison {
  /// A plan's answers as `AnswerJudge` judges them: compared with the right labels where every text has one, else with
  /// the dense model's answers. Nil when there is nothing to compare.
  ///
  /// - Parameters:
  ///   - answers: the plan's, a text each.
  ///   - samples: the texts, with the dense model's answers.
  package init?(
    _ answers: [[Float]], to samples: [AuditSample], head: Head, by measure: AnswerMeasure = .natural
  ) {
    var samples = samples
    if !samples.allSatisfy({ $0.label != nil }) {
      for place in samples.indices { samples[place].label = nil }
    }
    if !samples.allSatisfy({ $0.value != nil }) {
      for place in samples.indices { samples[place].value = nil }
    }
    guard let audit = AnswerJudge.judge(samples, answers, head, by: measure), let planned = audit.value else {
      return nil
    }
    self.init(
      metric: AnswerMeasure.Name(rawValue: audit.metric.rawValue)?.evidence ?? .agreement,
      positive: audit.positive, dense: audit.dense ?? 1, planned: planned,
      interval: audit.interval, count: samples.count, longestText: samples.map(\.ids.count).max(),
      flips: audit.flips)
    flipCount = audit.flipCount
  }
}

extension PlanCompiler {
  /// Where the method chose how many layers to keep: the deeper cuts, and why they were not taken.
  func deeperCandidates(_ request: PlanningRequest, than plan: Plan) -> [PlanCandidate] {
    let taken = plan.schedule.layerCount
    guard request.givesUpLayers, taken < Int(model.shape.layers) else {
      return []
    }
    var candidates = (taken + 1...Int(model.shape.layers)).reversed().compactMap { depth in
      var deeper = request
      deeper.depth = depth
      do throws(PlanningError) {
        _ = try Planner.outline(deeper, model: model, calibration: calibration, cost: cost)
        return PlanCandidate?.none
      } catch {
        return PlanCandidate(.depth(depth), infeasible: error)
      }
    }
    candidates.append(PlanCandidate(.depth(taken), plan: plan))
    return candidates
  }
}

extension PlanCompiler.Outcome {
  /// What was measured, for the plan: on what refitting held out, or on the calibration's texts.
  var evidence: AccuracyEvidence? {
    guard head != nil else { return accuracy.map { $0.evidence(.calibration) } }
    guard let heldOut else { return nil }
    let measured = AccuracyComparison(
      metric: heldOut.metric, positive: heldOut.positive, dense: heldOut.value, planned: heldOut.value,
      interval: heldOut.interval, count: heldOut.count)
    var evidence = measured.evidence(.heldOut)
    evidence.dense = accuracy.map { Float($0.dense) }
    return evidence
  }
}

extension AccuracyComparison {
  fileprivate func evidence(_ source: AccuracyEvidence.Source) -> AccuracyEvidence {
    // The interval of a mean can exceed 1, a cosine cannot.
    let interval = interval.map {
      AccuracyEvidence.Interval(low: Float($0.low), high: Float(max(planned, min(1, $0.high))))
    }
    return AccuracyEvidence(
      metric: metric, positive: positive, source: source, texts: count, planned: Float(planned),
      dense: Float(dense),
      interval: interval)
  }
}

extension HeadTargets {
  /// Held-out texts to which two heads give different labels.
  func flips(
    from dense: [FitReport.HeldOutAnswer], to planned: [FitReport.HeldOutAnswer], _ samples: [TokenizedSample]
  ) -> [FlippedAnswer] {
    guard case .classes(let classes, let labels) = self else { return [] }
    return zip(dense, planned).filter { $0.label != $1.label }.map { dense, planned in
      let sample = samples[planned.example]
      return FlippedAnswer(
        index: sample.line, tokens: sample.ids.count, dense: labels[dense.label],
        planned: labels[planned.label],
        expected: labels[classes[planned.example]])
    }
  }
}
