import TaperBase
import TaperCalibration
import Testing

@Suite struct CalibrationBuilderTests {
  @Test func averagesTextsAlike() throws {
    let calibration = try sampleCalibration()
    // Medians: layer 1: 1, 1, 0; layer 2: 1, 0, 1.
    #expect(abs(calibration.contextContributions[0] - 2.0 / 3) < 1e-12)
    #expect(abs(calibration.contextContributions[1] - 2.0 / 3) < 1e-12)
    // Largest scores: layer 1: 1.5, 1, 3; layer 2: 2, 4, 1.
    #expect(abs(calibration.layers[0].deciles[10] - 5.5 / 3) < 1e-12)
    #expect(abs(calibration.layers[1].deciles[10] - 7.0 / 3) < 1e-12)
    #expect(
      calibration.lengthHistogram == [LengthCount(tokens: 3, count: 2), LengthCount(tokens: 4, count: 1)])
    #expect(calibration.tokenCount == 10)
    #expect(calibration.textCount == 3)
    #expect(calibration.truncatedCount == 1)
    #expect(calibration.samples[0].typeIDs == [0, 0, 0])
    #expect(calibration.samples[1].label == nil)
    #expect(calibration.samples[1].value == 2.5)
    #expect(calibration.eliminationProfile == [1, 1])
  }

  @Test func refusesWhatDoesNotFit() throws {
    var builder = Calibration.Builder(layerCount: 1)
    func refuses(_ text: CalibrationError, _ add: (inout Calibration.Builder) throws -> Void) {
      #expect(throws: text) { try add(&builder) }
    }
    refuses(.sample(index: 0, expected: "at least one token", found: "none")) {
      try $0.add(ids: [], scores: [[]], reference: [1])
    }
    refuses(.sample(index: 0, expected: "2 type ids or none", found: "1")) {
      try $0.add(ids: [1, 2], typeIDs: [0], scores: [[1, 1]], reference: [1])
    }
    refuses(.sample(index: 0, expected: "scores of 1 layers", found: "2")) {
      try $0.add(ids: [1], scores: [[1], [1]], reference: [1])
    }
    refuses(.sample(index: 0, expected: "1 scores in layer 1", found: "2")) {
      try $0.add(ids: [1], scores: [[1, 1]], reference: [1])
    }
    refuses(.sample(index: 0, expected: "finite scores, none below zero, in layer 1", found: "nan")) {
      try $0.add(ids: [1], scores: [[.nan]], reference: [1])
    }
    refuses(.sample(index: 0, expected: "a finite reference output", found: "inf")) {
      try $0.add(ids: [1], scores: [[1]], reference: [.infinity])
    }
    try builder.add(ids: [1], scores: [[1]], reference: [1], label: 2)
    refuses(.sample(index: 1, expected: "a reference output of 1 numbers", found: "2")) {
      try $0.add(ids: [1], scores: [[1]], reference: [1, 2])
    }
    #expect(throws: CalibrationError.sample(index: 0, expected: "a label index below 2", found: "2")) {
      try builder.finish(modelDigest: digest(1), dataDigest: digest(2), labels: ["a", "b"])
    }
    #expect(throws: CalibrationError.noSamples) {
      try Calibration.Builder(layerCount: 1).finish(modelDigest: digest(1), dataDigest: digest(2))
    }
  }
}
