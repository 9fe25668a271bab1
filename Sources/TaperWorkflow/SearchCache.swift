internal import Glibc
internal import TaperAuditor
internal import TaperBase
public import TaperJSON
internal import TaperPlanFormat
internal import TaperPlanner

/// Trials of a search on disk, one JSON object a line, so that an interrupted search resumes.
///
/// A line counts only for the question it answered: `key` is a digest of everything a score depends on. Lines of other
/// questions stay. A line cut short by a crash is skipped and its trial measured again.
public struct SearchCache {
  /// Raised when a candidate's key, or what a score means, changes, so that older lines no longer match.
  private static let version = 2

  private let path: String
  private let key: String
  private var scores: [Place: SearchTrial.Score] = [:]
  /// Whether the file ends in the middle of a line, which the next one must not go on.
  private var endsInLine = false

  private struct Place: Hashable {
    /// `SearchTrial.Candidate.words`
    var candidate: String
    var texts: Int
  }

  /// - Parameters:
  ///   - path: read when it is there, made when it is not.
  ///   - question: everything a score depends on, in words.
  /// - Throws: `cacheUnwritable`; `cacheForeign` for a file that holds something, and no trial.
  public init(path: String, question: String) throws(WorkflowError) {
    self.path = path
    key = SHA256.digest(of: Array("\(Self.version)\n\(question)".utf8)).hex
    // Opened for writing at once: a file that cannot be written is refused before anything is measured.
    guard let file = unsafe fopen(path, "a+") else { throw .cacheUnwritable(path: path) }
    defer { unsafe fclose(file) }
    var start: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { unsafe free(start) }
    var holdsTrials = false
    var isEmpty = true
    while case let count = unsafe getline(&start, &capacity, file), count > 0, let line = unsafe start {
      isEmpty = false
      endsInLine = unsafe line[count - 1] != CChar(UInt8(ascii: "\n"))
      guard let value = try? JSONValue.parse(unsafe String(cString: line)), let key = value["key"]?.string,
        let candidate = value["candidate"]?.string, let texts = value["texts"]?.int,
        let score = SearchTrial.Score(value)
      else { continue }
      holdsTrials = true
      if key == self.key { scores[Place(candidate: candidate, texts: texts)] = score }
    }
    guard isEmpty || holdsTrials else { throw .cacheForeign(path: path) }
  }

  subscript(candidate: SearchTrial.Candidate, texts: Int) -> SearchTrial? {
    scores[Place(candidate: candidate.words, texts: texts)].map {
      SearchTrial(candidate: candidate, texts: texts, score: $0)
    }
  }

  /// - Throws: `cacheUnwritable`.
  mutating func append(_ trial: SearchTrial) throws(WorkflowError) {
    scores[Place(candidate: trial.candidate.words, texts: trial.texts)] = trial.score
    var line = trial.json
    line["key"] = .string(key)
    line["candidate"] = .string(trial.candidate.words)
    var bytes = Array(((endsInLine ? "\n" : "") + JSONValue.object(line).serialized() + "\n").utf8)
    guard let file = unsafe fopen(path, "a") else { throw .cacheUnwritable(path: path) }
    let written = unsafe fwrite(&bytes, 1, bytes.count, file)
    guard unsafe fclose(file) == 0, written == bytes.count else { throw .cacheUnwritable(path: path) }
    endsInLine = false
  }
}

extension SearchTrial.Score {
  fileprivate init?(_ value: JSONValue) {
    guard let metric = value["metric"]?.double, let loss = value["loss"]?.double,
      let heldOut = value["held_out"]?.int, let expected = value["expected_ns"]?.int, expected >= 0,
      let worst = value["worst_ns"]?.int, worst >= 0
    else { return nil }
    var interval: ConfidenceInterval?
    if let low = value["low"]?.double, let high = value["high"]?.double {
      interval = ConfidenceInterval(low: low, high: high)
    }
    self.init(
      metric: metric, interval: interval, loss: loss, heldOut: heldOut,
      expected: Nanoseconds(UInt64(expected)), worst: Nanoseconds(UInt64(worst)))
  }
}

extension SearchTrial {
  /// The trial as `taper plan --json` and the cache tell it.
  public var json: JSONObject {
    JSONObject([
      ("method", .string(candidate.methodName)), ("depth", .integer(Int64(candidate.depth))),
      ("decay", candidate.decay.map(JSONValue.number) ?? .null),
      ("restores_dropped_tokens", .bool(candidate.restores)),
      ("precision", .string(candidate.precision.name)), ("texts", .integer(Int64(texts))),
      ("metric", .number(score.metric)), ("low", score.interval.map { .number($0.low) } ?? .null),
      ("high", score.interval.map { .number($0.high) } ?? .null), ("loss", .number(score.loss)),
      ("held_out", .integer(Int64(score.heldOut))),
      ("expected_ns", .integer(Int64(score.expected.rawValue))),
      ("worst_ns", .integer(Int64(score.worst.rawValue))),
    ])
  }
}
