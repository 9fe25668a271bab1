import TaperPlanFormat
import TaperPlanRuntime

extension Auditor {
  /// Runs all samples of the request and compares the answers.
  static func judge(
    _ session: inout Session, _ request: AuditRequest, _ head: Head, _ advance: (Int) -> Void
  ) throws(AuditError) -> AccuracyAudit? {
    let samples = request.samples
    var answers: [[Float]] = []
    answers.reserveCapacity(samples.count)
    for sample in samples {
      do throws(RuntimeError) {
        try session.run(ids: sample.ids.span, typeIDs: sample.typeIDs.span)
      } catch {
        throw .sample(index: sample.index, error)
      }
      answers.append(session.result)
      advance(1)
    }
    return AnswerJudge.judge(samples, answers, head, by: request.measure)
  }
}
