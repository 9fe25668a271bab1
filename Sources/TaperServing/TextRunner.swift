internal import TaperJSON
public import TaperPlanFormat
public import TaperPlanRuntime
public import TaperTokenization

/// Text in, JSON line out: a plan's tokenizer, a session and the rendering of its answers. `taper run` and `taper-run`
/// both use it, so that both give the same answers.
public struct TextRunner: ~Copyable {
  public let tokenizer: Tokenizer
  /// The number of scores in an answer, largest first; nil: all, in label order.
  public var topK: Int?
  /// The default among them goes before every text.
  public var prompts: Prompts
  /// Of a vector only the first so many numbers, normalised again where the whole one is (Matryoshka); nil: all.
  public private(set) var dimensions: Int?
  private var session: Session
  private let plan: Plan

  /// - Parameter threads: nil: as many as the plan and this process's CPUs allow.
  public init(_ loaded: LoadedPlan, threads: Int? = nil, topK: Int? = nil) throws(ServingError) {
    let tokenizer: Tokenizer
    do throws(TokenizerError) {
      tokenizer = try Tokenizer(encoded: loaded.plan.tokenizer)
    } catch {
      throw .tokenizer(error)
    }
    let session: Session
    do throws(RuntimeError) {
      session = try Session(loaded, threads: threads)
    } catch {
      throw .plan(error)
    }
    self.tokenizer = tokenizer
    self.session = session
    self.topK = topK
    prompts = loaded.plan.prompts
    plan = loaded.plan
  }

  /// Cuts vectors; false, with nothing changed, where the answer is no vector or has fewer numbers.
  public mutating func choose(dimensions: Int) -> Bool {
    guard plan.head.kind == .embedding, dimensions <= plan.head.outputWidth else { return false }
    self.dimensions = dimensions
    return true
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
    if let documents = input.documents {
      return try rank(documents, for: input.text, index: index, line: line).serialized()
    }
    let encoding = try run(input, line: line)
    let depth = plan.halting == nil ? nil : session.depth
    return session.withResult {
      AnswerLine.render(
        index: index, tokens: encoding.ids.count, truncated: encoding.truncated, depth: depth, result: $0,
        head: plan.head, topK: topK, dimensions: dimensions, encoding: encoding)
    }.serialized()
  }

  /// The documents from the highest score to the lowest; of equal ones the first comes first.
  private mutating func rank(
    _ documents: [String], for query: String, index: Int, line: Int
  ) throws(ServingError) -> JSONValue {
    guard plan.head.kind == .regression, plan.head.outputWidth == 1 else { throw .notAReranker(line: line) }
    var scored: [AnswerLine.Ranked] = []
    for (place, document) in documents.enumerated() {
      let encoding = try run(InputLine(text: query, pair: document), line: line)
      scored.append(
        AnswerLine.Ranked(
          document: place, score: session.withResult { $0[0] }, tokens: encoding.ids.count,
          isTruncated: encoding.truncated))
    }
    scored.sort { $0.score != $1.score ? $0.score > $1.score : $0.document < $1.document }
    return AnswerLine.render(scored.prefix(topK ?? .max), index: index)
  }

  /// Runs the session on one text or pair; its result is finite.
  private mutating func run(_ input: InputLine, line: Int) throws(ServingError) -> Encoding {
    guard input.pair == nil || plan.head.kind != .embedding else { throw .pairForEmbedding(line: line) }
    let specialTokens = tokenizer.specialTokenCount(isPair: input.pair != nil)
    guard specialTokens <= plan.schedule.maximumLength else {
      throw .noRoom(line: line, specialTokens: specialTokens, maximum: plan.schedule.maximumLength)
    }
    let encoding = tokenizer.encode(
      prompts.before(input.text), pair: input.pair, maximumLength: plan.schedule.maximumLength)
    do throws(RuntimeError) {
      try session.run(ids: encoding.ids, typeIDs: plan.model.tokenTypes == 0 ? [] : encoding.typeIDs)
    } catch {
      throw .input(line: line, error)
    }
    let (unusable, count) = session.withResult { result in
      (result.indices.reduce(0) { $0 + (result[$1].isFinite ? 0 : 1) }, result.count)
    }
    guard unusable == 0 else { throw .notFinite(line: line, count: unusable, of: count) }
    return encoding
  }
}
