import TaperCalibration
import TaperCostModel
import TaperDeviceProfile
import TaperModelSpec
import TaperWorkflow

extension TaperProgram {
  /// A compiler of a tiny classifier for the reference device, calibrated on labelled texts, and those texts.
  func compiler() throws -> (compiler: PlanCompiler, samples: [TokenizedSample]) {
    let model = try ModelSpec.load(directory: TaperProgram.model("tiny-bert-old-names"))
    let profile = try DeviceProfile.load(path: TaperProgram.referenceDevice)
    let dataset = try TextDataset.read(path: texts(count: 40), options: DatasetOptions(requiresLabels: true))
    let samples = try TokenizedSample.tokenize(dataset.rows, model: model, maximumLength: 24)
    let calibration = try Workbench(model: model, maximumLength: 24, threads: 1).calibrate(
      samples, labels: dataset.labels, dataDigest: dataset.digest, badRowCount: 0
    ) { _, _ in }
    let compiler = try PlanCompiler(
      model: model, calibration: calibration, cost: CostModel(profile: profile, threads: 1))
    return (compiler, samples)
  }
}
