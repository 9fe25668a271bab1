import CLibXML2
public import TaperAuditor
import TaperPlanFormat

/// A report as JUnit XML: one test case a length, one for the verdict, and one for the accuracy where the plan promises one, for a
/// CI's test page.
///
/// A length out of tolerance fails; when the machine was too noisy to judge, all are skipped. `time` is the
/// measured median in seconds.
public enum JUnitRenderer {
  public static func render(_ report: AuditReport) -> String {
    let words = ReportWords(report: report)
    let failures =
      report.lengths.filter { fails($0, report) }.count + (report.verdict == .outside ? 1 : 0)
      + (report.accuracyHolds == false ? 1 : 0)
    let cases = report.lengths.count + 1 + (report.accuracyHolds == nil ? 0 : 1)
    let judged = report.lengths.count + 1
    let xml = XMLDocumentWriter()
    xml.element("testsuites") {
      xml.element(
        "testsuite",
        [
          ("name", "taper audit \(report.plan.identity.modelName)"), ("tests", "\(cases)"),
          ("failures", "\(failures)"), ("errors", "0"),
          ("skipped", "\(report.verdict == .noisy ? judged : 0)"),
        ]
      ) {
        if !report.environment.isEmpty {
          xml.element("properties") {
            for fact in report.environment {
              xml.element("property", [("name", fact.name), ("value", fact.value)]) {}
            }
          }
        }
        for length in report.lengths {
          testCase(
            xml, "\(length.tokens) tokens", seconds: length.measured.p50, report,
            fails: fails(length, report) ? detail(length) : nil)
        }
        testCase(
          xml, "verdict", seconds: .zero, report, fails: report.verdict == .outside ? words.verdict : nil)
        // Answers do not depend on how steady the machine is.
        if let holds = report.accuracyHolds {
          xml.element("testcase", [("classname", "taper.audit"), ("name", "accuracy"), ("time", "0.000000")])
          {
            if !holds { xml.element("failure", [("message", words.promise ?? "")]) {} }
          }
        }
      }
    }
    return xml.finish()
  }

  private static func fails(_ length: LengthAudit, _ report: AuditReport) -> Bool {
    report.verdict != .noisy && abs(length.residual ?? .infinity) > report.tolerance
  }

  private static func detail(_ length: LengthAudit) -> String {
    "predicted \(NumberText.time(length.predicted)), measured p50 \(NumberText.time(length.measured.p50)): "
      + "residual \(NumberText.signedPercent(length.residual))"
  }

  private static func testCase(
    _ xml: XMLDocumentWriter, _ name: String, seconds: Nanoseconds, _ report: AuditReport,
    fails message: String?
  ) {
    let time = NumberText.fixed(Double(seconds.rawValue) / 1e9, 6)
    xml.element("testcase", [("classname", "taper.audit"), ("name", name), ("time", time)]) {
      if report.verdict == .noisy {
        xml.element("skipped", [("message", ReportWords(report: report).verdict)]) {}
      } else if let message {
        xml.element("failure", [("message", message)]) {}
      }
    }
  }
}
