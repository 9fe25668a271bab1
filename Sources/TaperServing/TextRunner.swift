internal import TaperJSON
internal import TaperPlanFormat
public import TaperPlanRuntime
public import TaperTokenization

/// Text in, JSON line out: a plan's tokenizer, a session and the rendering of its answers. `taper run` and `taper-run`
/// both use it, so that both give the same answers.
public struct TextRunner: ~Copyable {
  /// Cuts long texts at the end that the options name.
  public let tokenizer: Tokenizer
  let options: AnswerOptions
  /// The chosen one is the default.
  let prompts: Prompts
  var session: Session
  let plan: Plan
  /// The tokens by id, where the answer is a weight for each.
  private let vocabulary: [String]
  /// Tokens at the beginning of every text that do not take part in the pooling.
  private let unpooled: Int

  /// - Throws: `option` for what this plan cannot do.
  public init(_ loaded: LoadedPlan, _ options: AnswerOptions = AnswerOptions()) throws(ServingError) {
    let plan = loaded.plan
    let prompts = try Self.check(options, for: plan)
    var tokenizer: Tokenizer
    do throws(TokenizerError) { tokenizer = try Tokenizer(encoded: plan.tokenizer) } catch {
      throw .tokenizer(error)
    }
    if case .truncated(let side?) = options.longTexts { tokenizer.truncationSide = side }
    let session: Session
    do throws(RuntimeError) { session = try Session(loaded, threads: options.threads) } catch {
      throw .plan(error)
    }
    self.tokenizer = tokenizer
    self.options = options
    self.prompts = prompts
    self.session = session
    self.plan = plan
    vocabulary = plan.head.kind == .sparse ? tokenizer.tokens(upTo: Int(plan.head.outputWidth)) : []
    unpooled = plan.leavesPromptOut ? Self.tokens(of: prompts.before(""), tokenizer, plan) : 0
  }

  /// How many tokens a prompt has alone, without the special token after it. So the reference counts them, the special
  /// token before them included.
  private static func tokens(of prompt: String, _ tokenizer: Tokenizer, _ plan: Plan) -> Int {
    if prompt.isEmpty { return 0 }
    let alone = tokenizer.encode(prompt, maximumLength: plan.schedule.maximumLength).ids
    let hasLast = alone.last == tokenizer.encode("", maximumLength: plan.schedule.maximumLength).ids.last
    return alone.count - (hasLast ? 1 : 0)
  }

  /// - Returns: the plan's prompts, of which the chosen one is the default.
  private static func check(_ options: AnswerOptions, for plan: Plan) throws(ServingError) -> Prompts {
    if let dimensions = options.dimensions {
      guard plan.head.kind == .embedding, dimensions <= plan.head.outputWidth else {
        throw .option(
          "--dimensions", expected: "a plan of vectors with at least so many numbers", "\(dimensions)")
      }
    }
    if let topK = options.topK, [.embedding, .tokenClassification].contains(plan.head.kind) {
      throw .option("--top-k", expected: "a plan whose answers have scores to choose from", "\(topK)")
    }
    if let aggregation = options.aggregation, plan.head.kind != .tokenClassification {
      throw .option("--aggregate", expected: "a plan that labels tokens", aggregation.rawValue)
    }
    if let overlap = options.overlap, case .truncated = options.longTexts {
      throw .option("--overlap", expected: "--long chunk-mean or chunk-max with it", "\(overlap)")
    }
    if plan.interaction != nil, case .chunked(let joining) = options.longTexts {
      throw .option(
        "--long", expected: "truncate-right or truncate-left for a model of token vectors",
        "chunk-\(joining)")
    }
    guard let prompts = plan.prompts.choosing(options.prompt) else {
      throw .option(
        "--prompt", expected: "one of the plan's prompts (\(plan.prompts.names))", options.prompt.name)
    }
    return prompts
  }

  /// Runs the plan's canary examples, as a service does before its first answer.
  /// - Throws: `noCanaries`, `canariesDiffer`.
  public mutating func check() throws(ServingError) {
    guard !plan.canaries.isEmpty else { throw .noCanaries }
    var failed = 0
    var worst: (difference: Float, tolerance: Float) = (0, 0)
    for canary in plan.canaries {
      let difference: Float
      do throws(RuntimeError) { difference = try session.difference(from: canary) } catch {
        throw .plan(error)
      }
      if difference <= canary.tolerance { continue }
      failed += 1
      if !(difference <= worst.difference) { worst = (difference, canary.tolerance) }
    }
    guard failed == 0 else {
      throw .canariesDiffer(
        failed: failed, of: plan.canaries.count, difference: worst.difference, tolerance: worst.tolerance)
    }
  }

  /// The answer to one text as a JSON object on one line, without a line feed. A text that is longer than the plan's
  /// maximum length is truncated, and the answer says so.
  ///
  /// - Parameters:
  ///   - index: the 0-based number in the answer.
  ///   - line: the line of the text, for errors.
  public mutating func answer(
    _ input: InputLine, index: Int, line: Int = 1
  ) throws(ServingError) -> String {
    if let interaction = plan.interaction {
      return try answer(input, interaction, index: index, line: line).serialized()
    }
    guard !input.isQuery else { throw .queryWithoutDocuments(line: line) }
    if let documents = input.documents {
      return try rank(documents, for: input.text, index: index, line: line).serialized()
    }
    let reply = try run(input, line: line)
    return AnswerLine.render(
      index: index, tokens: reply.tokens, truncated: reply.encoding.truncated, depth: reply.depth,
      result: reply.result.span, head: plan.head, topK: options.topK, dimensions: options.dimensions,
      chunks: reply.chunks, tokenAnswers: tokenAnswers(reply, input), vocabulary: vocabulary
    ).serialized()
  }

  /// Layers that the last run went through.
  public var layers: Int { session.depth }

  private func tokenAnswers(_ reply: Reply, _ input: InputLine) -> (key: String, values: [JSONValue])? {
    guard plan.head.answersTokens else { return nil }
    let answers = TokenAnswers(
      reply.encoding, input.text, pair: input.pair, prompt: promptScalars, tokenizer, plan.head)
    guard let aggregation = options.aggregation else {
      return ("token_labels", answers.labels(reply.result.span))
    }
    return ("entities", answers.entities(reply.result.span, by: aggregation))
  }

  private var promptScalars: Int { prompts.before("").unicodeScalars.count }

  private mutating func rank(
    _ documents: [String], for query: String, index: Int, line: Int
  ) throws(ServingError) -> JSONValue {
    guard plan.head.kind == .regression, plan.head.outputWidth == 1 else { throw .notAReranker(line: line) }
    var scored: [AnswerLine.Ranked] = []
    for (place, document) in documents.enumerated() {
      let reply = try run(InputLine(text: query, pair: document), line: line)
      scored.append(
        AnswerLine.Ranked(
          document: place, score: reply.result[0], tokens: reply.tokens, chunks: reply.chunks,
          isTruncated: reply.encoding.truncated))
    }
    return AnswerLine.render(scored, topK: options.topK, index: index)
  }

  /// What the session made of a text.
  public struct Reply: Sendable {
    /// Of the whole text, however many chunks.
    public var encoding: Encoding
    /// Finite numbers, `head.outputCount` of them.
    public var result: [Float]
    /// Tokens that were run.
    public var tokens: Int
    public var chunks = 1
    /// Layers that were run, at most, for a plan with halting.
    public var depth: Int?
  }

  /// What `answer` renders, for programs that want the numbers (libtaper). Of a model of token vectors, those of the
  /// text as a document.
  public mutating func run(_ input: InputLine, line: Int = 1) throws(ServingError) -> Reply {
    guard input.pair == nil || ![.embedding, .sparse].contains(plan.head.kind) else {
      throw .pairForEmbedding(line: line)
    }
    switch options.longTexts {
    case .truncated: return try run(encoding(of: input, line: line), line: line)
    case .chunked(let joining):
      let maximum = plan.schedule.maximumLength
      try checkRoom(maximum, isPair: input.pair != nil, line: line)
      guard
        let chunks = TextChunks(
          prompts.before(input.text), pair: input.pair, prompt: promptScalars, maximumLength: maximum,
          overlap: options.overlap ?? maximum / 8, by: tokenizer)
      else { throw .noRoomForChunks(line: line, maximum: maximum) }
      return try run(chunks, joining, line: line)
    }
  }

  /// The tokens of a text as `run` cuts it, where it does not cut it into chunks.
  public func encoding(of input: InputLine, line: Int = 1) throws(ServingError) -> Encoding {
    let maximum = plan.schedule.maximumLength
    try checkRoom(maximum, isPair: input.pair != nil, line: line)
    return tokenizer.encode(prompts.before(input.text), pair: input.pair, maximumLength: maximum)
  }

  private mutating func run(_ chunks: TextChunks, _ joining: ChunkJoining, line: Int) throws(ServingError)
    -> Reply
  {
    if chunks.count == 1 { return try run(chunks[0], line: line) }
    var results = ChunkResults(joining, head: plan.head)
    var (tokens, depth) = (0, 0)
    for chunk in 0..<chunks.count {
      let reply = try run(chunks[chunk], line: line)
      results.add(reply.result.span, chunk: chunk, reply.encoding, of: chunks)
      tokens += reply.tokens
      depth = max(depth, reply.depth ?? 0)
    }
    return Reply(
      encoding: chunks.whole, result: results.joined(), tokens: tokens, chunks: chunks.count,
      depth: plan.halting == nil ? nil : depth)
  }

  private mutating func run(_ encoding: Encoding, line: Int) throws(ServingError) -> Reply {
    let result = try result(of: encoding.ids, encoding.typeIDs, unpooled: unpooled, line: line)
    return Reply(
      encoding: encoding, result: result, tokens: encoding.ids.count,
      depth: plan.halting == nil ? nil : session.depth)
  }

  /// The template must fit.
  func checkRoom(_ maximum: Int, isPair: Bool, line: Int) throws(ServingError) {
    let specialTokens = tokenizer.specialTokenCount(isPair: isPair)
    guard specialTokens <= maximum else {
      throw .noRoom(line: line, specialTokens: specialTokens, maximum: maximum)
    }
  }

  /// What the session makes of tokens: finite numbers.
  /// - Parameters:
  ///   - unpooled: how many of the first tokens do not take part in the pooling.
  ///   - keys: how many of the first tokens others attend to; nil: all.
  public mutating func result(
    of ids: [UInt32], _ typeIDs: [UInt32], unpooled: Int = 0, keys: Int? = nil, line: Int
  ) throws(ServingError) -> [Float] {
    do throws(RuntimeError) {
      try session.run(
        ids: ids, typeIDs: plan.model.tokenTypes == 0 ? [] : typeIDs, keys: keys, unpooled: unpooled)
    } catch {
      throw .input(line: line, error)
    }
    let result = session.result
    let unusable = result.count { !$0.isFinite }
    guard unusable == 0 else { throw .notFinite(line: line, count: unusable, of: result.count) }
    return result
  }
}
