import ArgumentParser
import TaperBase
import TaperJSON
import TaperPlanFormat
import TaperReportRendering

struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "What differs between two plans, or two audits (JSON or HTML reports).",
    discussion: "Exit 0 when nothing differs, 1 when something does.")

  @Argument(help: "A plan, or an audit.") var first: String
  @Argument(help: "Another of the same kind.") var second: String
  @Option(
    Share.self,
    help: "Times and shares may differ by so much: 5%. Two audits of one plan always differ a little.")
  var tolerance: Double?
  @Flag(help: "Every difference, where text shows some of each part.") var all = false
  @Flag(help: "The differences as JSON.") var json = false

  func run() throws {
    try ExitStatus.catching {
      let (a, b) = (try Document(path: first), try Document(path: second))
      guard a.kind == b.kind else {
        throw CommandError.usage(
          "diff: expected two plans or two audits; found \(a.kind.rawValue) (\(first)) and "
            + "\(b.kind.rawValue) (\(second))"
        )
      }
      let diff = DocumentDiff(a.value, b.value, tolerance: tolerance ?? 0)
      try Console.print(Report(diff, kind: a.kind.key, names: (first, second), all: all), json: json)
      if !diff.changes.isEmpty { throw ExitCode(ExitStatus.findings.rawValue) }
    }
  }

  /// What is compared, as JSON.
  private struct Document {
    enum Kind: String {
      case plan = "a plan"
      case audit = "an audit"
      var key: String { self == .plan ? "plan" : "audit" }
    }

    var kind: Kind
    var value: JSONValue

    init(path: String) throws {
      try InputKind.comparable.require(path)
      switch Inputs.firstByte(of: path) {
      case UInt8(ascii: "{"): self = try Document(audit: WholeFile.read(path), path)
      case UInt8(ascii: "<"): self = try Document(audit: Self.embedded(in: WholeFile.read(path), path), path)
      default: (kind, value) = (.plan, PlanFacts.object(try PlanFile.read(path)))
      }
    }

    private init(audit bytes: [UInt8], _ path: String) throws {
      let value: JSONValue
      do { value = try JSONValue.parse(bytes) } catch { throw CommandError.malformed(path: path, error) }
      guard value["verdict"] != nil, value["lengths"] != nil else {
        throw Self.wrongKind(path, "another JSON document")
      }
      (kind, self.value) = (.audit, value)
    }

    /// The JSON that a report's page carries.
    private static func embedded(in page: [UInt8], _ path: String) throws -> [UInt8] {
      let text = String(decoding: page, as: UTF8.self)
      guard let start = text.firstRange(of: "id=\"audit\">")?.upperBound,
        let end = text[start...].firstRange(of: "</script>")?.lowerBound
      else { throw wrongKind(path, "another page") }
      return Array(text[start..<end].utf8)
    }

    private static func wrongKind(_ path: String, _ found: String) -> CommandError {
      .wrongKind(
        path: path, expected: "a plan or an audit", found: found,
        remedy: "make an audit with taper audit --json or --html")
    }
  }
}
