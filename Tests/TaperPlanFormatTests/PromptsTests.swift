import TaperPlanFormat
import Testing

/// Prompts in the plan: format 1.4.
@Suite struct PromptsTests {
  private static let prompts = Prompts(
    [.init(name: "query", text: "query: "), .init(name: "passage", text: "passage: ")], defaultName: "passage"
  )

  @Test(arguments: [prompts, Prompts(prompts.all)]) func areWrittenAndRead(prompts: Prompts) throws {
    var (plan, weights) = ToyPlan.make()
    let before = try encode(plan, weights)
    plan.prompts = prompts
    #expect(plan.formatVersion == .prompted)
    let bytes = try encode(plan, weights)
    #expect(bytes[16...19] == [1, 0, 4, 0] && bytes[20...23] == [1, 0, 4, 0])
    #expect(try PlanReader.read(bytes).plan == plan)
    #expect(PlanText.render(plan).contains("query: "))
    plan.prompts = Prompts()
    #expect(try encode(plan, weights) == before)
  }
}
