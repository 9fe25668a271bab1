import TaperAuditor

extension AuditError {
  var words: String {
    switch self {
    case .runtime(let error): "\(error)"
    case .sample(let index, let error): "sample \(index): \(error)"
    case .noSamples: "expected at least one text to audit with, found none; give some with --data"
    case .noLengths: "expected at least one input length to time, found none"
    case .lengthOutOfRange(let tokens, let maximum):
      "expected input lengths from 1 to the plan's maximum of \(maximum) tokens, found \(tokens)"
    case .noPredictions: "expected a plan with predictions, found none in it; plan again with this version"
    case .noMemoryToProbe: "expected 65 MB of memory to probe the machine with, found less"
    case .badNumber(let what, let expected, let found): "expected \(what) to be \(expected), found \(found)"
    }
  }
}
