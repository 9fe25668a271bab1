public import TaperJSON
public import TaperPlanFormat
import TaperTokenization

/// A result as the JSON object that `taper run` and `taper-run` print on a line (specs/command-json.md).
public enum AnswerLine {
  /// - Parameters:
  ///   - index: 0-based number of the text.
  ///   - tokens: tokens that were run, special tokens included.
  ///   - chunks: in how many chunks the text was run.
  ///   - truncated: whether the text was cut to the plan's maximum length.
  ///   - depth: layers that were run, for a plan with halting; nil for others.
  ///   - result: `head.outputCount` numbers.
  ///   - topK: the number of scores to print, largest first; nil: all, in label order.
  ///   - tokenAnswers: for a head with an answer for each token: its key, and what stands there.
  ///   - vocabulary: the tokens by id, for a sparse vector.
  public static func render(
    index: Int, tokens: Int, truncated: Bool, depth: Int? = nil, result: Span<Float>, head: Head, topK: Int?,
    dimensions: Int? = nil, chunks: Int = 1, tokenAnswers: (key: String, values: [JSONValue])? = nil,
    vocabulary: [String] = []
  ) -> JSONValue {
    var line = JSONObject()
    line["index"] = JSONValue(index)
    line["tokens"] = JSONValue(tokens)
    if chunks > 1 { line["chunks"] = JSONValue(chunks) }
    if let depth { line["depth"] = JSONValue(depth) }
    switch head.kind {
    case .classification:
      let ranking = rank(result)
      line["label"] = JSONValue(label(ranking.first ?? 0, head))
      line["scores"] = scores(result, topK.map { Array(ranking.prefix($0)) }, head)
    case .multiLabel:
      let ranking = rank(result)
      line["labels"] = .array(
        result.indices.filter { result[$0] >= 0.5 }.map { JSONValue(label($0, head)) })
      line["scores"] = scores(result, topK.map { Array(ranking.prefix($0)) }, head)
    case .tokenClassification:
      if let tokenAnswers { line[tokenAnswers.key] = .array(tokenAnswers.values) }
    case .sparse:
      line["sparse_embedding"] = .object(weights(result, topK, tokens: vocabulary))
    case .tokenVectors: break
    case .embedding:
      line["embedding"] = .array(vector(result, dimensions, isNormalized: head.normalized).map(number))
    case .regression where result.count == 1:
      line["value"] = number(result[0])
    case .regression:
      line["values"] = .array(result.indices.map { number(result[$0]) })
    }
    if truncated { line["truncated"] = true }
    line["schema_version"] = 1
    return .object(line)
  }

  /// A text's token vectors.
  static func render(_ text: TokenVectors, index: Int) -> JSONValue {
    let entries = text.places.indices.map { entry -> JSONValue in
      let (offset, start) = (text.offsets[entry], entry * text.width)
      return .object(
        JSONObject([
          ("token", JSONValue(text.places[entry])),
          ("offsets", [JSONValue(Int(offset.begin)), JSONValue(Int(offset.end))]),
          ("vector", .array(text.vectors[start..<start + text.width].map(number))),
        ]))
    }
    var line = JSONObject([
      ("index", JSONValue(index)), ("tokens", JSONValue(text.tokens)), ("token_embeddings", .array(entries)),
    ])
    if text.isTruncated { line["truncated"] = true }
    line["schema_version"] = 1
    return .object(line)
  }

  /// A document of a ranking.
  struct Ranked {
    /// Its place among the documents of the line, from 0.
    var document: Int
    var score: Float
    var tokens: Int
    var chunks: Int
    var isTruncated: Bool
  }

  /// The documents from the highest score to the lowest, at most `topK`; of equal ones the first comes first.
  static func render(_ documents: [Ranked], topK: Int?, index: Int) -> JSONValue {
    let ranking = documents.sorted {
      $0.score != $1.score ? $0.score > $1.score : $0.document < $1.document
    }
    let entries = ranking.prefix(topK ?? .max).map { ranked -> JSONValue in
      var entry = JSONObject([
        ("document", JSONValue(ranked.document)), ("score", number(ranked.score)),
        ("tokens", JSONValue(ranked.tokens)),
      ])
      if ranked.chunks > 1 { entry["chunks"] = JSONValue(ranked.chunks) }
      if ranked.isTruncated { entry["truncated"] = true }
      return .object(entry)
    }
    return .object(
      JSONObject([("index", JSONValue(index)), ("ranking", .array(entries)), ("schema_version", 1)]))
  }

  /// The first `dimensions` numbers. A normalised vector is normalised again: its own norm cancels out, so the result is
  /// that of cutting before normalising.
  private static func vector(_ result: Span<Float>, _ dimensions: Int?, isNormalized: Bool) -> [Float] {
    let all = result.indices.map { result[$0] }
    guard let dimensions, dimensions < all.count else { return all }
    let first = all.prefix(dimensions)
    return isNormalized ? normalized(first.map { Double($0) }) : Array(first)
  }

  /// A vector by its L2 norm.
  static func normalized(_ vector: [Double]) -> [Float] {
    let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return vector.map { Float($0 / max(norm, 1e-12)) }
  }

  /// What stands in the place of the answer to a line that has none.
  static func render(_ error: ServingError, index: Int, line: Int) -> JSONValue {
    .object(
      JSONObject([
        ("index", JSONValue(index)), ("line", JSONValue(line)), ("error", JSONValue("\(error)")),
        ("schema_version", 1),
      ]))
  }

  /// Output indexes from the largest score to the smallest; ties in label order, NaN last.
  private static func rank(_ result: Span<Float>) -> [Int] {
    let keys = result.indices.map { result[$0].isNaN ? -Float.infinity : result[$0] }
    return keys.indices.sorted { keys[$0] != keys[$1] ? keys[$0] > keys[$1] : $0 < $1 }
  }

  /// The tokens with a weight above zero, largest first. Of tokens that read alike the larger weight counts.
  private static func weights(_ result: Span<Float>, _ count: Int?, tokens: [String]) -> JSONObject {
    let weighted = result.indices.filter { result[$0] > 0 }
      .sorted { result[$0] != result[$1] ? result[$0] > result[$1] : $0 < $1 }
    var weights = JSONObject()
    for id in weighted.prefix(count ?? .max) {
      let token = id < tokens.count ? tokens[id] : ""
      _ = weights.append(token.isEmpty ? "id \(id)" : token, number(result[id]))
    }
    return weights
  }

  private static func scores(_ result: Span<Float>, _ chosen: [Int]?, _ head: Head) -> JSONValue {
    var scores = JSONObject()
    for i in chosen ?? Array(result.indices) { scores[label(i, head)] = number(result[i]) }
    return .object(scores)
  }

  /// The label's name, or the output's index when the plan has no names.
  static func label(_ i: Int, _ head: Head) -> String {
    i < head.labels.count ? head.labels[i] : String(i)
  }

  /// The shortest decimal that reads back as the same Float; widening to Double would print 17 digits of it.
  static func number(_ value: Float) -> JSONValue {
    guard value.isFinite, let short = Double(value.description) else { return .null }
    return .number(short)
  }
}
