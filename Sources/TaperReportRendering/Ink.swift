import TaperAuditor

/// Terminal colours, or none.
struct Ink {
  let isOn: Bool

  func red(_ text: String) -> String { paint(text, "31") }

  func verdict(_ verdict: AuditVerdict) -> String {
    switch verdict {
    case .within: paint(verdict.rawValue, "1;32")
    case .outside: paint(verdict.rawValue, "1;31")
    case .noisy: paint(verdict.rawValue, "1;33")
    }
  }

  private func paint(_ text: String, _ code: String) -> String {
    isOn ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}
