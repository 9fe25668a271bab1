import TaperPlanFormat
import Testing

@Suite struct PlanTextTests {
  /// Every field that the codec keeps shows in the text: two plans with different bytes have different texts.
  @Test func everyChangeShows() throws {
    let base = ToyPlan.make().plan
    let text = PlanText.render(base)
    let changes: [(inout Plan) -> Void] = [
      { $0.identity.request = "--dense" }, { $0.identity.passes.removeLast() }, { $0.identity.threads = 3 },
      { $0.identity.tier = "avx2" },
      { $0.model.vocabulary = 12 }, { $0.schedule.keepCounts[8] = 2 },
      { $0.schedule.restoresDroppedTokens = false },
      { $0.ops[3].scale = 0.75 }, { $0.ops[3].a.offset = 1 }, { $0.ops[2].bias = .none },
      { $0.ops[4].fusionGroup = 2 }, { $0.selections[3].maximumRows = 9 }, { $0.arena.slots[2].copies = 7 },
      { $0.arena.slots[2].lastOp = 99 }, { $0.resultSlot = 1 }, { $0.tokenizer.append(1) },
      { $0.predictions.lengths[2].denseTime = Nanoseconds(10) },
      { $0.predictions.ops[5].high = Nanoseconds(1_000_000) },
      { $0.head.labels[1] = "b" }, { $0.canaries[0].tolerance = 1 }, { $0.canaries[0].ids[1] = 4 },
      { $0.weights.entries[1].shape = [1, 2] }, { $0.weights.isEmbedded = false },
    ]
    for (number, change) in changes.enumerated() {
      var plan = base
      change(&plan)
      #expect(PlanText.render(plan) != text, "change \(number)")
    }
  }

  @Test func aNameCannotForgeALine() {
    var plan = ToyPlan.make().plan
    let lines = PlanText.render(plan).split(separator: "\n").count
    plan.head.labels[0] = "x\n  label 1: y"
    #expect(PlanText.render(plan).split(separator: "\n").count == lines)
  }

  @Test func lengthsThatShareARowAreOneRange() {
    var plan = ToyPlan.make().plan
    plan.schedule = .dense(maximumLength: 6, layerCount: 2)
    let ranges = PlanText.render(plan).split(separator: "\n").filter {
      $0.wholeMatch(of: #/  1…6: .*/#) != nil
    }
    #expect(ranges.count == 1)
  }
}
