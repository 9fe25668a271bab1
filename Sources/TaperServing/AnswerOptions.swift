public import TaperPlanFormat

/// What a user may ask of the answers; both programs that run plans fill it in. Nothing asked: everything as the model
/// has it.
public struct AnswerOptions: Equatable, Sendable {
  /// Workers; nil: as many as the plan and this process's CPUs allow.
  public var threads: Int?
  /// The number of scores or ranked documents in an answer, largest first; nil: all.
  public var topK: Int?
  /// Of a vector only the first so many numbers, normalised again where the whole one is (Matryoshka); nil: all.
  public var dimensions: Int?
  public var prompt = PromptChoice.modelDefault
  /// What becomes of a text with more tokens than the plan takes.
  public var longTexts = LongTexts.truncated(nil)
  /// How many tokens neighbouring chunks of a long text share; nil: an eighth of the plan's longest input.
  public var overlap: Int?
  /// Of a token classifier the entities instead of the tokens' labels.
  public var aggregation: EntityAggregation?

  public init() {}
}
