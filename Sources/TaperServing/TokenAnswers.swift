package import TaperJSON
package import TaperPlanFormat
package import TaperTokenization

/// The answer of a token classifier: the labels of a text's tokens, or the entities that they make up.
///
/// Places are given in Unicode scalars ("offsets") and in bytes of UTF-8 ("bytes"), begin and end. Tokens of the
/// template and of a prompt have no place in the text and no answer.
package struct TokenAnswers {
  private let tokenizer: Tokenizer
  private let head: Head
  private let encoding: Encoding
  private let texts: [PlacedText]

  /// - Parameters:
  ///   - encoding: of the prompt and `text`, with `pair`.
  ///   - prompt: scalars before `text`.
  package init(
    _ encoding: Encoding, _ text: String, pair: String?, prompt: Int, _ tokenizer: Tokenizer, _ head: Head
  ) {
    self.tokenizer = tokenizer
    self.head = head
    self.encoding = encoding
    texts = [PlacedText(text, prompt: prompt)] + (pair.map { [PlacedText($0, prompt: 0)] } ?? [])
  }

  /// Label and score of every token.
  package func labels(_ result: Span<Float>) -> [JSONValue] {
    each { index, range in
      range.compactMap { token in
        guard let span = span(token, texts[index], result) else { return nil }
        return object(
          [("token", JSONValue(token)), ("label", JSONValue(AnswerLine.label(span.label, head)))], span, index
        )
      }
    }
  }

  /// Name and score of every entity.
  package func entities(_ result: Span<Float>, by aggregation: EntityAggregation) -> [JSONValue] {
    each { index, range in
      let tokens = range.compactMap { span($0, texts[index], result) }
      return aggregation.entities(of: tokens, head).map { name, span in
        let words = JSONValue(texts[index].slice(span.begin, span.end))
        return object([("entity", JSONValue(String(name))), ("words", words)], span, index)
      }
    }
  }

  private func each(_ body: (Int, Range<Int>) -> [JSONValue]) -> [JSONValue] {
    zip(texts.indices, encoding.texts).flatMap(body)
  }

  private func object(_ first: [(String, JSONValue)], _ span: LabelledSpan, _ text: Int) -> JSONValue {
    let bytes = texts[text].bytes(span.begin, span.end)
    var object = JSONObject(
      first + [
        ("score", AnswerLine.number(span.score)), ("offsets", [JSONValue(span.begin), JSONValue(span.end)]),
        ("bytes", [JSONValue(bytes.lowerBound), JSONValue(bytes.upperBound)]),
      ])
    if texts.count > 1 { object["text"] = JSONValue(text) }
    return .object(object)
  }

  /// nil for a token of the prompt.
  private func span(_ token: Int, _ text: PlacedText, _ result: Span<Float>) -> LabelledSpan? {
    let width = Int(head.outputWidth)
    let offset = encoding.offsets[token]
    guard Int(offset.begin) >= text.prompt, (token + 1) * width <= result.count else { return nil }
    let scores = (0..<width).map { result[token * width + $0] }
    let best = scores.max() ?? 0
    let (begin, end) = (Int(offset.begin) - text.prompt, Int(offset.end) - text.prompt)
    return LabelledSpan(
      label: scores.firstIndex(of: best) ?? 0, score: best, begin: begin, end: end, scores: scores,
      isContinuation: isContinuation(encoding.ids[token], text, begin, end))
  }

  /// As the reference decides it: where the vocabulary marks continuations, a token that is not as long as its text is
  /// one; elsewhere, a token without a space before it or at its beginning.
  private func isContinuation(_ id: UInt32, _ text: PlacedText, _ begin: Int, _ end: Int) -> Bool {
    if id == tokenizer.unknownID { return false }
    if tokenizer.marksContinuations {
      return (tokenizer.token(id)?.unicodeScalars.count ?? 0) != end - begin
    }
    return begin > 0 && !text.hasSpace(begin - 1, begin + 1)
  }
}

/// A text whose scalars can be found by number.
private struct PlacedText {
  let scalars: [Unicode.Scalar]
  /// Of each scalar, the bytes before it; and of all.
  let starts: [Int]
  /// Scalars of the prompt before the text.
  let prompt: Int

  init(_ text: String, prompt: Int) {
    scalars = Array(text.unicodeScalars)
    var starts = [0]
    starts.reserveCapacity(scalars.count + 1)
    for scalar in scalars { starts.append(starts[starts.count - 1] + UTF8.width(scalar)) }
    self.starts = starts
    self.prompt = prompt
  }

  func bytes(_ begin: Int, _ end: Int) -> Range<Int> {
    let places = places(begin, end)
    return starts[places.lowerBound]..<starts[places.upperBound]
  }

  func slice(_ begin: Int, _ end: Int) -> String {
    var slice = String.UnicodeScalarView()
    slice.append(contentsOf: scalars[places(begin, end)])
    return String(slice)
  }

  func hasSpace(_ begin: Int, _ end: Int) -> Bool { scalars[places(begin, end)].contains(" ") }

  /// What of a range the text has.
  private func places(_ begin: Int, _ end: Int) -> Range<Int> {
    let begin = min(begin, scalars.count)
    return begin..<max(begin, min(end, scalars.count))
  }
}
