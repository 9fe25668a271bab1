import Glibc
import TaperPlanFormat

/// Writes small valid plans, as the tests build them, into the given folder: the plan fuzzer's seeds.
@main struct PlanSeeds {
  static func main() {
    // Random plans, then halting plans of each rule with tokens dropped by scores and by threshold.
    let drawn = (0..<40).map { ToyPlan.make(seed: $0) }
    let halting = HaltingRule.allCases.enumerated().map { number, rule in
      var options = ToyPlan.Options()
      (options.layers, options.pooling, options.halts, options.rule) = (3, .cls, true, rule)
      (options.reducing, options.live) = ([1], [2])
      return ToyPlan.make(options, seed: 40 + number)
    }
    for (seed, made) in (drawn + halting).enumerated() {
      var (plan, weights) = made
      plan.weights.isEmbedded = seed % 4 == 0
      let bytes = try! weights.withUnsafeBytes {
        try PlanCodec.encode(plan, weights: plan.weights.isEmbedded ? $0 : nil)
      }
      _ = try! PlanReader.read(bytes)
      let file = fopen(CommandLine.arguments[1] + "/seed-\(seed).plan", "wb")!
      fwrite(bytes, 1, bytes.count, file)
      fclose(file)
    }
  }
}
