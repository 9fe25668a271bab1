import TaperBase
import TaperPlanFormat
import Testing

@Suite struct RoundTripTests {
  @Test func readingAfterWritingGivesThePlanAndWritingAfterReadingTheBytes() throws {
    for seed in 0..<300 {
      var (plan, weights) = ToyPlan.make(seed: seed)
      if seed % 5 == 0 {
        plan.weights.isEmbedded = false
      }
      let bytes = try encode(plan, weights)
      let (read, range) = try PlanReader.read(bytes)
      #expect(read == plan, "seed \(seed)")
      #expect(try encode(read, weights) == bytes, "seed \(seed)")
      #expect((range == nil) == !plan.weights.isEmbedded)
      if let range {
        #expect(range.lowerBound % 4096 == 0)
        #expect(Array(bytes[range]) == weights)
      }
    }
  }

  @Test func negativeZeroIsWrittenAsZero() throws {
    var (plan, weights) = ToyPlan.make()
    let bytes = try encode(plan, weights)
    plan.canaries[0].tolerance = 0
    let zero = try encode(plan, weights)
    plan.canaries[0].tolerance = -0.0
    #expect(try encode(plan, weights) == zero)
    #expect(zero != bytes)
  }

  @Test func weightsOfTheWrongDigestOrSizeAreNotWritten() throws {
    var (plan, weights) = ToyPlan.make()
    weights[0] ^= 1
    let found = SHA256.digest(of: weights)
    #expect(
      failure { _ = try encode(plan, weights) } == .weightsDigest(expected: plan.weights.digest, found: found)
    )
    weights.removeLast()
    #expect(
      failure { _ = try encode(plan, weights) }
        == .weightsSize(expected: plan.weights.byteCount.rawValue, found: UInt64(weights.count)))
    plan.weights.isEmbedded = false
    #expect(
      failure { _ = try unsafe weights.withUnsafeBytes { try unsafe PlanCodec.encode(plan, weights: $0) } }
        == .weightsSize(expected: 0, found: UInt64(weights.count)))
  }

  @Test func weightsAreVerifiedOnlyWhenAsked() throws {
    let (plan, weights) = ToyPlan.make()
    var bytes = try encode(plan, weights)
    let range = try #require(try PlanReader.read(bytes).weights)
    func verify() throws {
      try unsafe bytes[range].withUnsafeBytes { try unsafe PlanReader.verifyWeights($0, index: plan.weights) }
    }
    try verify()
    bytes[range.lowerBound + 5] ^= 0x10
    #expect(try PlanReader.read(bytes).plan == plan)
    let found = SHA256.digest(of: Array(bytes[range]))
    #expect(failure(verify) == .weightsDigest(expected: plan.weights.digest, found: found))
  }
}
