public import TaperAuditor
public import TaperCalibration
public import TaperPlanFormat
internal import TaperTokenization

extension AuditSample {
  /// Rows as the plan reads them, with the right answers in the terms of its head.
  /// - Throws: `TokenizerError` when the plan's tokenizer is damaged.
  public static func tokenized(_ rows: [TextRow], for plan: Plan) throws -> [AuditSample] {
    let tokenizer = try Tokenizer(encoded: plan.tokenizer)
    let labels = Dictionary(uniqueKeysWithValues: plan.head.labels.enumerated().map { ($1, $0) })
    return rows.map { row in
      let encoding = tokenizer.encode(row.text, pair: row.pair, maximumLength: plan.schedule.maximumLength)
      return AuditSample(
        index: row.line, ids: encoding.ids, typeIDs: plan.model.tokenTypes == 0 ? [] : encoding.typeIDs,
        label: row.label.flatMap { labels[$0.text] }, value: row.label?.number.map { Float($0) },
        text: String(row.text.prefix(200)))
    }
  }

  /// Calibration texts that fit the plan, with what the dense model answered to them.
  static func calibrated(_ calibration: Calibration, for plan: Plan) -> [AuditSample] {
    calibration.samples.enumerated().filter { $0.element.ids.count <= plan.schedule.maximumLength }.map {
      AuditSample(
        index: $0.offset, ids: $0.element.ids,
        typeIDs: plan.model.tokenTypes == 0 ? [] : $0.element.typeIDs, reference: $0.element.reference)
    }
  }
}
