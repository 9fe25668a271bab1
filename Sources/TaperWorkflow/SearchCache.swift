internal import Glibc
public import TaperJSON
internal import TaperPlanFormat

/// Trials of a search on disk, one JSON object a line, so that an interrupted search goes on where it was.
///
/// A line counts only for the question it answered: `key` digests everything a score depends on. Lines of other questions
/// stay; a line cut short by a crash is skipped and its trial measured again.
public struct SearchCache {
  private let path: String
  private let key: String
  private var trials: [Place: SearchTrial] = [:]

  private struct Place: Hashable {
    var candidate: SearchTrial.Candidate
    var texts: Int
  }

  /// - Parameters:
  ///   - path: read when it is there, made when it is not.
  ///   - question: everything a score depends on, in words.
  public init(path: String, question: String) {
    self.path = path
    key = SHA256.digest(of: Array(question.utf8)).hex
    guard let file = unsafe fopen(path, "r") else { return }
    defer { unsafe fclose(file) }
    var start: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { unsafe free(start) }
    while unsafe getline(&start, &capacity, file) > 0, let line = unsafe start {
      guard let value = try? JSONValue.parse(unsafe String(cString: line)), value["key"]?.string == key,
        let trial = SearchTrial(value)
      else { continue }
      trials[Place(candidate: trial.candidate, texts: trial.texts)] = trial
    }
  }

  subscript(candidate: SearchTrial.Candidate, texts: Int) -> SearchTrial? {
    trials[Place(candidate: candidate, texts: texts)]
  }

  /// - Throws: `cacheUnwritable`.
  mutating func append(_ trial: SearchTrial) throws(WorkflowError) {
    trials[Place(candidate: trial.candidate, texts: trial.texts)] = trial
    var line = trial.json
    line["key"] = .string(key)
    var bytes = Array((JSONValue.object(line).serialized() + "\n").utf8)
    guard let file = unsafe fopen(path, "a") else { throw .cacheUnwritable(path: path) }
    let written = unsafe fwrite(&bytes, 1, bytes.count, file)
    guard unsafe fclose(file) == 0, written == bytes.count else { throw .cacheUnwritable(path: path) }
  }
}

extension SearchTrial {
  fileprivate init?(_ value: JSONValue) {
    guard let depth = value["depth"]?.int, let texts = value["texts"]?.int,
      let metric = value["metric"]?.double,
      let loss = value["loss"]?.double, let heldOut = value["held_out"]?.int
    else { return nil }
    self.init(
      candidate: Candidate(depth: depth, decay: value["decay"]?.double), texts: texts,
      score: Score(metric: metric, loss: loss, heldOut: heldOut))
  }

  /// The trial as `taper plan --json` and the cache tell it.
  public var json: JSONObject {
    JSONObject([
      ("depth", .integer(Int64(candidate.depth))), ("decay", candidate.decay.map(JSONValue.number) ?? .null),
      ("texts", .integer(Int64(texts))), ("metric", .number(score.metric)), ("loss", .number(score.loss)),
      ("held_out", .integer(Int64(score.heldOut))),
    ])
  }
}
