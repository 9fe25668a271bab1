import TaperBase
import TaperCalibration
import TaperCostModel
import TaperDeviceProfile
import TaperHeadFitting
import TaperModelSpec
import TaperPlanFormat
import TaperPlanRuntime
import TaperWorkflow
import Testing

/// Texts on several threads: the same answers in the same order as on one.
@Suite struct PlanExecutionTests {
  let taper = TaperProgram()

  /// 40 texts of different lengths.
  private func samples(_ model: ModelSpec) throws -> (dataset: TextDataset, samples: [TokenizedSample]) {
    let dataset = try TextDataset.read(
      path: taper.texts(count: 40), options: DatasetOptions(requiresLabels: true))
    return (dataset, try TokenizedSample.tokenize(dataset.rows, model: model, maximumLength: 24))
  }

  @Test func calibrationsAndFeaturesDoNotDependOnThreads() throws {
    let model = try ModelSpec.load(directory: TaperProgram.model("tiny-bert-old-names"))
    let (dataset, samples) = try samples(model)
    #expect(Set(samples.map(\.ids.count)).count >= 3)
    var digests: Set<Digest> = []
    var features: Set<[Float]> = []
    var heads: Set<[Float]> = []
    for threads in 1...3 {
      let bench = Workbench(model: model, maximumLength: 24, threads: threads)
      let calibration = try bench.calibrate(
        samples, labels: dataset.labels, dataDigest: dataset.digest, badRowCount: 0
      ) { _, _ in }
      digests.insert(calibration.digest)
      var shown: [Int] = []
      let found = try bench.features(samples) { done, total in
        #expect(total == 40)
        shown.append(done)
      }
      #expect(shown == Array(1...40))
      features.insert(found)
      heads.insert(
        try HeadTargets(of: samples).fit(features: found, width: model.head.featureWidth).weight)
    }
    #expect(digests.count == 1 && features.count == 1 && heads.count == 1)
  }

  @Test func resultsAreThoseOfOneSession() throws {
    let loaded = try LoadedPlan(path: taper.plan("--dense", "--threads", "1"))
    let model = try ModelSpec.load(directory: TaperProgram.model("tiny-bert-old-names"))
    let samples = try samples(model).samples
    var session = try Session(loaded)
    let expected = try samples.map { sample in
      try session.run(ids: sample.ids, typeIDs: sample.typeIDs)
      return session.result
    }
    // More than the plan was made for, too.
    for threads in [1, 2, 3, 100] {
      var execution = PlanExecution(loaded, threads: threads)
      #expect(try execution.results(of: samples) == expected)
      // Too little memory for a second session.
      execution.arenaBudget = 1
      #expect(try execution.results(of: samples) == expected)
    }
    #expect(try PlanExecution(loaded).results(of: [TokenizedSample]()) == [])
  }

  @Test func theFirstTextThatFailsIsNamed() throws {
    let loaded = try LoadedPlan(path: taper.plan("--dense"))
    let model = try ModelSpec.load(directory: TaperProgram.model("tiny-bert-old-names"))
    var samples = try samples(model).samples
    let vocabulary = loaded.plan.model.vocabulary
    for (index, excess) in [(7, 1), (8, 2), (30, 3)] { samples[index].ids[0] = vocabulary + UInt32(excess) }
    for threads in 1...3 {
      var done = 0
      #expect(throws: RuntimeError.tokenOutOfRange(position: 0, id: vocabulary + 1, vocabulary: vocabulary)) {
        try PlanExecution(loaded, threads: threads).results(of: samples) { number, _ in done = number }
      }
      #expect(done == 7)
    }
  }

  @Test func encodersRunOnPackedProducts() throws {
    let cost = try CostModel(profile: .assumed(threads: 2), threads: 2)
    let packed = KernelTier.detected != .scalar
    #expect(cost.kernels(for: .gemm) == [packed ? .gemmF32Panel : .gemmF32OpenBLAS])
  }
}
