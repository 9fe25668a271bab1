public import TaperAuditor
public import TaperCalibration
public import TaperPlanFormat
internal import TaperTokenization

extension AuditSample {
  /// Rows as the plan reads them, with the right answers in the terms of its head. Of an embedder measured by
  /// Spearman's correlation the two texts of a row are samples of their own, the first with the row's number.
  /// - Throws: `TokenizerError` when the plan's tokenizer is damaged, `WorkflowError.labelsDiffer`, `promptLeftOut`,
  ///   `pairMissing`.
  public static func tokenized(
    _ rows: [TextRow], for plan: Plan, by measure: AnswerMeasure = .natural
  ) throws -> [AuditSample] {
    if plan.leavesPromptOut, let name = plan.prompts.defaultName {
      throw WorkflowError.promptLeftOut(name: name)
    }
    let tokenizer = try Tokenizer(encoded: plan.tokenizer)
    let hasLabels = plan.head.kind == .classification || plan.head.kind == .multiLabel
    let labels = hasLabels ? try LabelMap(plan.head.labels, rows: rows) : nil
    func sample(_ row: TextRow, _ text: String, pair: String?, value: Float?) -> AuditSample {
      let encoding = tokenizer.encode(
        plan.prompts.before(text), pair: pair, maximumLength: plan.schedule.maximumLength)
      return AuditSample(
        index: row.line, ids: encoding.ids, typeIDs: plan.model.tokenTypes == 0 ? [] : encoding.typeIDs,
        label: labels?[row.label], value: value, text: String(text.prefix(200)))
    }
    let runsTextsAlone = plan.head.kind == .embedding && measure.name == .spearman
    return try rows.flatMap { row in
      let value = row.label?.number.map { Float($0) }
      guard runsTextsAlone else { return [sample(row, row.text, pair: row.pair, value: value)] }
      guard let pair = row.pair, let value else { throw WorkflowError.pairMissing(line: row.line) }
      return [
        sample(row, row.text, pair: nil, value: value), sample(row, pair, pair: nil, value: nil),
      ]
    }
  }

  /// Those samples that fitting a head to them keeps back, with their labels in the terms of the plan's head. A label
  /// that the plan does not know is got wrong.
  static func heldOut(of samples: [TokenizedSample], for plan: Plan) throws -> [AuditSample] {
    let labels = plan.head.labels
    return try HeadTargets(of: samples, like: labels).heldOut.map { index in
      let sample = samples[index]
      return AuditSample(
        index: index, ids: sample.ids, typeIDs: sample.typeIDs,
        label: labels.firstIndex(of: sample.label?.text ?? "") ?? labels.count)
    }
  }

  /// Calibration texts that fit the plan, with what the dense model answered to them.
  /// - Parameter withLabels: also the right answers, where their labels are the plan's.
  static func calibrated(
    _ calibration: Calibration, for plan: Plan, withLabels: Bool = false
  ) -> [AuditSample] {
    let labels = calibration.labels.map { plan.head.labels.firstIndex(of: $0) }
    return calibration.samples.enumerated()
      .filter { $0.element.ids.count <= plan.schedule.maximumLength }
      .map { index, sample in
        AuditSample(
          index: index + 1, ids: sample.ids, typeIDs: plan.model.tokenTypes == 0 ? [] : sample.typeIDs,
          reference: sample.reference, label: withLabels ? sample.label.flatMap { labels[$0] } : nil,
          value: withLabels && plan.head.kind == .regression ? sample.value : nil)
      }
  }
}
