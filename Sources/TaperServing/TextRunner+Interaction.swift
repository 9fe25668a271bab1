internal import TaperJSON
internal import TaperPlanFormat
internal import TaperPlanRuntime
internal import TaperTokenization

/// Models of token vectors: {"query"} and {"text"} are answered with the vectors of a query's or a document's tokens.
/// Documents are ranked for a query by the sum, over the query's tokens, of the largest dot product with a token of the
/// document (MaxSim).
extension TextRunner {
  mutating func answer(
    _ input: InputLine, _ interaction: LateInteraction, index: Int, line: Int
  ) throws(ServingError) -> JSONValue {
    guard input.pair == nil else { throw .pairForEmbedding(line: line) }
    let task: Task = input.isQuery || input.documents != nil ? .query : .document
    let text = try vectors(of: input.text, task, interaction, line: line)
    guard let documents = input.documents else { return AnswerLine.render(text, index: index) }
    var scored: [AnswerLine.Ranked] = []
    for (place, document) in documents.enumerated() {
      let other = try vectors(of: document, .document, interaction, line: line)
      scored.append(
        AnswerLine.Ranked(
          document: place, score: text.similarity(to: other), tokens: other.tokens, chunks: 1,
          isTruncated: other.isTruncated))
    }
    return AnswerLine.render(scored, topK: options.topK, index: index)
  }

  private enum Task { case query, document }

  /// Runs the session on a query or a document.
  private mutating func vectors(
    of text: String, _ task: Task, _ interaction: LateInteraction, line: Int
  ) throws(ServingError) -> TokenVectors {
    let prompt = prompt(task, interaction)
    var limit = plan.schedule.maximumLength
    let expansion = task == .query ? interaction.expansion : nil
    let longest =
      if let expansion, expansion.isFixed { expansion.length } else {
        task == .query ? interaction.queryLength : interaction.documentLength
      }
    if longest > 0 { limit = min(limit, Int(longest)) }
    try checkRoom(limit, isPair: false, line: line)
    let encoding = tokenizer.encode(prompt + text, maximumLength: limit)
    var (ids, types) = (encoding.ids, encoding.typeIDs)
    let count = ids.count
    if let expansion {
      while ids.count < Int(expansion.length) {
        ids.append(expansion.token)
        types.append(0)
      }
    }
    let hides = expansion.map { !$0.isAttended } ?? false
    let result = try result(of: ids, types, keys: hides ? count : nil, line: line)
    let skips = task == .query ? interaction.skipsInQueries : interaction.skipsInDocuments
    let skipped = skips ? interaction.skippedIDs : []
    let places = ids.indices.filter { !skipped.contains(ids[$0]) }
    let width = Int(plan.head.outputWidth)
    let before = UInt32(clamping: prompt.unicodeScalars.count)
    return TokenVectors(
      tokens: ids.count, isTruncated: encoding.truncated, places: places,
      offsets: places.map { place in
        guard place < count, encoding.offsets[place].end > before else {
          return TokenOffset(begin: 0, end: 0)
        }
        let offset = encoding.offsets[place]
        return TokenOffset(begin: offset.begin - min(offset.begin, before), end: offset.end - before)
      },
      width: width, vectors: places.flatMap { result[$0 * width..<($0 + 1) * width] })
  }

  /// What goes before a text: what was chosen for this run, or else the task's own.
  private func prompt(_ task: Task, _ interaction: LateInteraction) -> String {
    guard task == .query, options.prompt == .modelDefault, let name = interaction.queryPrompt else {
      return prompts.before("")
    }
    return prompts.text(named: name) ?? ""
  }
}

/// The vectors of a text's tokens.
struct TokenVectors {
  /// That were run.
  var tokens: Int
  var isTruncated: Bool
  /// The number of each vector's token, from 0.
  var places: [Int]
  /// In the text, without its prompt.
  var offsets: [TokenOffset]
  var width: Int
  /// [places, width]
  var vectors: [Float]

  /// MaxSim; 0 to a text without vectors.
  func similarity(to other: TokenVectors) -> Float {
    var sum: Float = 0
    for query in stride(from: 0, to: vectors.count, by: width) {
      var largest = -Float.infinity
      for start in stride(from: 0, to: other.vectors.count, by: width) {
        var dot: Float = 0
        for column in 0..<width { dot += vectors[query + column] * other.vectors[start + column] }
        largest = max(largest, dot)
      }
      if largest > -.infinity { sum += largest }
    }
    return sum
  }
}
