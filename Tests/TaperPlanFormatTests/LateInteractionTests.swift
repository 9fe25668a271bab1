import TaperPlanFormat
import Testing

/// How queries and documents are taken, in the plan: format 1.5.
@Suite struct LateInteractionTests {
  /// A plan of token vectors for inputs of so many tokens.
  private func plan() -> (plan: Plan, weights: [UInt8]) {
    var options = ToyPlan.Options()
    (options.head, options.pooling, options.restores) = (.tokenVectors, .tokens, false)
    options.reducing = []
    var (plan, weights) = ToyPlan.make(options)
    plan.interaction = LateInteraction(skippedIDs: [1, 4])
    return (plan, weights)
  }

  @Test func isWrittenAndRead() throws {
    var (plan, weights) = plan()
    let expansion = LateInteraction.Expansion(token: 3, length: 4, isFixed: true, isAttended: true)
    plan.prompts = Prompts([.init(name: "query", text: "[Q] ")])
    for interaction in [
      LateInteraction(skippedIDs: [1, 4]),
      LateInteraction(
        queryPrompt: "query", expansion: expansion, queryLength: 5, documentLength: 7, skippedIDs: [0, 10],
        skipsInQueries: true, skipsInDocuments: false),
    ] {
      plan.interaction = interaction
      #expect(plan.formatVersion == .jobs)
      let bytes = try encode(plan, weights)
      #expect(bytes[16...19] == [1, 0, 5, 0])
      #expect(try PlanReader.read(bytes).plan == plan)
      #expect(PlanText.render(plan).contains("late interaction"))
    }
    plan.leavesPromptOut = true
    #expect(try PlanReader.read(encode(plan, weights)).plan.leavesPromptOut)
  }

  @Test func whatDoesNotFitThePlanIsRefused() throws {
    let (plan, _) = plan()
    try PlanValidator.validate(plan)
    let expansion = LateInteraction.Expansion(token: 3, length: 4, isFixed: true, isAttended: false)
    var refused: [LateInteraction?] = [
      nil, LateInteraction(queryPrompt: "none"), LateInteraction(skippedIDs: [2, 1]),
    ]
    refused.append(LateInteraction(skippedIDs: [11]))
    var other = expansion
    other.token = 11
    refused.append(LateInteraction(expansion: other))
    other = expansion
    other.length = UInt32(plan.schedule.maximumLength + 1)
    refused.append(LateInteraction(expansion: other))
    for interaction in refused {
      var changed = plan
      changed.interaction = interaction
      #expect(
        {
          do throws(PlanFormatError) {
            try PlanValidator.validate(changed)
            return false
          } catch {
            guard case .violated(let violation) = error else { return false }
            return violation.rule == .lateInteraction
          }
        }(), "\(String(describing: interaction))")
    }
  }
}
