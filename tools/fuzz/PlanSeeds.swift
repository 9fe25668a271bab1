import Glibc
import TaperPlanFormat

/// Writes small valid plans, as the tests build them, into the folder given: the plan fuzzer's first inputs.
@main struct PlanSeeds {
  static func main() {
    for seed in 0..<40 {
      var (plan, weights) = ToyPlan.make(seed: seed)
      plan.weights.isEmbedded = seed % 4 == 0
      let bytes = try! weights.withUnsafeBytes {
        try PlanCodec.encode(plan, weights: plan.weights.isEmbedded ? $0 : nil)
      }
      let file = fopen(CommandLine.arguments[1] + "/seed-\(seed).plan", "wb")!
      fwrite(bytes, 1, bytes.count, file)
      fclose(file)
    }
  }
}
