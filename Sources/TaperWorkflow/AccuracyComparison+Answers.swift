internal import TaperAuditor
internal import TaperCalibration
internal import TaperHeadFitting
internal import TaperModelSpec
internal import TaperPlanFormat
internal import TaperPlanner

extension AccuracyComparison {
  /// A plan's answers against the right labels where every text has one of the head's, else against the dense model's.
  ///
  /// - Parameters:
  ///   - answers, references: the plan's and the dense model's, a text each.
  ///   - labels: index of the right one, a text each; empty when they are not known.
  ///   - texts: their numbers.
  init(_ answers: [[Float]], dense references: [[Float]], labels: [Int], head: Head, texts: [Int]) {
    let isClassified = head.kind == .classification
    var flips: [FlippedLabel] = []
    for (number, (answer, reference)) in zip(answers, references).enumerated() where isClassified {
      let (planned, dense) = (answer.leader, reference.leader)
      guard planned != dense else { continue }
      flips.append(
        FlippedLabel(
          text: texts[number], dense: head.labels[dense], planned: head.labels[planned],
          expected: labels.isEmpty ? nil : head.labels[labels[number]]))
    }
    let count = answers.count
    if isClassified, !labels.isEmpty {
      func right(_ answers: [[Float]]) -> Int { zip(answers, labels).count { $0.leader == $1 } }
      let whole = Double(max(1, count))
      self.init(
        metric: .accuracy, dense: Double(right(references)) / whole, planned: Double(right(answers)) / whole,
        interval: .proportion(right(answers), of: count), count: count, flips: flips)
      return
    }
    let shares = zip(answers, references).map {
      PlanCompiler.agreement($0, $1, kind: head.kind, width: head.outputWidth)
    }
    let sum = shares.reduce(0, +)
    let isShare = isClassified || head.kind == .multiLabel
    self.init(
      metric: .agreement, dense: 1, planned: sum / Double(max(1, count)),
      interval: isShare ? .proportion(Int(sum), of: count) : count > 0 ? .mean(of: shares) : nil,
      count: count,
      flips: flips)
  }
}

extension PlanCompiler {
  /// Indexes into the head's labels of what those texts of the calibration are labelled with; empty unless each has one of
  /// the head's.
  func labels(of calibration: Calibration, _ texts: [Int], for plan: Plan) -> [Int] {
    let places = calibration.labels.map { plan.head.labels.firstIndex(of: $0) }
    let labels = texts.compactMap { text in calibration.samples[text].label.flatMap { places[$0] } }
    return labels.count == texts.count ? labels : []
  }

  /// Where the method chose how many layers to keep: the deeper cuts, and why they were not taken.
  func deeperCandidates(_ request: PlanningRequest, than plan: Plan) -> [PlanCandidate] {
    let taken = plan.schedule.layerCount
    guard request.method.givesUpLayers, request.depth == nil, taken < Int(model.shape.layers) else {
      return []
    }
    var candidates = (taken + 1...Int(model.shape.layers)).reversed().compactMap { depth in
      var deeper = request
      deeper.depth = depth
      deeper.fixedSchedule = nil
      do throws(PlanningError) {
        _ = try Planner.outline(deeper, model: model, calibration: calibration, cost: cost)
        return PlanCandidate?.none
      } catch {
        return PlanCandidate("\(depth) layers", unmet: error)
      }
    }
    candidates.append(PlanCandidate(NumberText.count(taken, "layer"), plan: plan))
    return candidates
  }
}

extension PlanCompiler.Outcome {
  /// What was measured, for the plan: on what refitting held out, or on the calibration's texts.
  var evidence: AccuracyEvidence? {
    guard let head else { return accuracy.map { $0.evidence(.calibration) } }
    guard let heldOut = head.report.heldOut else { return nil }
    let measured = AccuracyComparison(
      metric: heldOut.metric, dense: heldOut.value, planned: heldOut.value, interval: head.report.interval,
      count: head.report.heldOutExamples)
    var evidence = measured.evidence(.heldOut)
    evidence.dense = accuracy.map { Float($0.dense) }
    return evidence
  }
}

extension AccuracyComparison {
  fileprivate func evidence(_ source: AccuracyEvidence.Source) -> AccuracyEvidence {
    let metric: AccuracyEvidence.Metric =
      switch self.metric {
      case .accuracy: .accuracy
      case .agreement: .agreement
      case .determination: .determination
      }
    // The interval of a mean does not know that a cosine ends at 1.
    let interval = interval.map {
      AccuracyEvidence.Interval(low: Float($0.low), high: Float(max(planned, min(1, $0.high))))
    }
    return AccuracyEvidence(
      metric: metric, source: source, texts: count, planned: Float(planned), dense: Float(dense),
      interval: interval)
  }
}

extension HeadTargets {
  /// Held-out texts to which two heads give different labels.
  func flips(
    from dense: [FitReport.HeldOutAnswer], to planned: [FitReport.HeldOutAnswer], _ samples: [TokenizedSample]
  ) -> [FlippedLabel] {
    guard case .classes(let classes, let labels) = self else { return [] }
    return zip(dense, planned).filter { $0.label != $1.label }.map { dense, planned in
      FlippedLabel(
        text: samples[planned.example].line, dense: labels[dense.label], planned: labels[planned.label],
        expected: labels[classes[planned.example]])
    }
  }
}

extension FitReport {
  /// 95%, of what was held out; nil for a metric without one.
  var interval: ConfidenceInterval? {
    guard case .classification(_, let interval, _) = validation else { return nil }
    return ConfidenceInterval(low: interval.low, high: interval.high)
  }
}
