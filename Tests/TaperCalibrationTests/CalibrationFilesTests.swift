import TaperBase
import TaperCalibration
import TaperJSON
import TaperPlanFormat
import Testing

@Suite struct CalibrationFilesTests {
  @Test func roundTrip() throws {
    try withTemporaryDirectory { directory in
      let calibration = try sampleCalibration()
      try calibration.save(directory: directory + "/c")
      let loaded = try Calibration.load(directory: directory + "/c")
      #expect(loaded == calibration)
      #expect(loaded.digest == SHA256.digest(of: readFile(directory + "/c/calibration.json")))
    }
  }

  @Test func sameContentsSameBytesAndDigest() throws {
    try withTemporaryDirectory { directory in
      try sampleCalibration().save(directory: directory + "/a")
      try sampleCalibration().save(directory: directory + "/b")
      for name in ["calibration.json", "reference.safetensors"] {
        #expect(readFile(directory + "/a/" + name) == readFile(directory + "/b/" + name))
      }
      var builder = Calibration.Builder(layerCount: 1)
      try builder.add(ids: [1], scores: [[1]], reference: [0])
      let other = try builder.finish(modelDigest: digest(1), dataDigest: digest(2))
      #expect(try other.digest != sampleCalibration().digest)
    }
  }

  @Test func replacesAnEarlierCalibrationOnly() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/c"
      try sampleCalibration().save(directory: path)
      try sampleCalibration().save(directory: path + "/")
      writeFile(path + "/notes.txt", [1])
      #expect(throws: CalibrationError.wouldOverwrite(path: path)) {
        try sampleCalibration().save(directory: path)
      }
      #expect(fileExists(path + "/notes.txt"))
      #expect(throws: CalibrationError.wouldOverwrite(path: path + "/notes.txt")) {
        try sampleCalibration().save(directory: path + "/notes.txt")
      }
    }
  }

  @Test func missingFilesAreNamed() throws {
    try withTemporaryDirectory { directory in
      do throws(CalibrationError) {
        _ = try Calibration.load(directory: directory)
        Issue.record("an empty directory was read")
      } catch {
        guard case .file(.system(path: directory + "/calibration.json", _, _)) = error else { throw error }
      }
    }
  }

  /// Every way of cutting or changing a byte of either file is an error, never a trap and never silently
  /// another calibration.
  @Test func everyTruncationAndSeededCorruptionIsRefused() throws {
    try withTemporaryDirectory { directory in
      let calibration = try sampleCalibration()
      let path = directory + "/c"
      try calibration.save(directory: path)
      let reference = readFile(path + "/reference.safetensors")
      for length in 0..<reference.count {
        writeFile(path + "/reference.safetensors", Array(reference[0..<length]))
        #expect(throws: CalibrationError.self) { try Calibration.load(directory: path) }
      }
      for index in reference.indices {
        var bytes = reference
        bytes[index] ^= 0x10
        writeFile(path + "/reference.safetensors", bytes)
        #expect(throws: CalibrationError.self) { try Calibration.load(directory: path) }
      }
      writeFile(path + "/reference.safetensors", reference)
      let json = readFile(path + "/calibration.json")
      for length in 0..<json.count - 1 {
        writeFile(path + "/calibration.json", Array(json[0..<length]))
        #expect(throws: CalibrationError.self) { try Calibration.load(directory: path) }
      }
      var refused = 0
      for index in json.indices {
        var bytes = json
        bytes[index] ^= 0x05
        writeFile(path + "/calibration.json", bytes)
        if let loaded = try? Calibration.load(directory: path) {
          #expect(loaded.digest != calibration.digest)
        } else {
          refused += 1
        }
      }
      #expect(refused > json.count / 3)
    }
  }

  /// Tensors whose sizes disagree with calibration.json, with digests made to fit, are refused by name.
  @Test func consistentDigestsDoNotHideWrongTensors() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/c"
      try sampleCalibration().save(directory: path)
      let text = String(decoding: readFile(path + "/calibration.json"), as: UTF8.self)
      let changes = [
        ("\"reference_width\": 2", "\"reference_width\": 3", "tensor reference"),
        ("\"samples\": 3", "\"samples\": 2", "tensor offsets"),
        ("\"texts\": 3", "\"texts\": 4", "lengths"),
        ("\"tokens\": 10", "\"tokens\": 11", "tokens"),
        ("\"a\"", "\"bé\"", "labels"),
        ("\"schema_version\": 1", "\"schema_version\": 2", "schema_version"),
        ("\"acc\": ", "\"acc\": -", "layers[0].acc"),
      ]
      for (old, new, part) in changes {
        let changed = text.replacing(old, with: new, maxReplacements: 1)
        #expect(changed != text, "\(old) is not there to be changed")
        writeFile(path + "/calibration.json", Array(changed.utf8))
        do throws(CalibrationError) {
          _ = try Calibration.load(directory: path)
          Issue.record("\(new) was accepted")
        } catch {
          switch error {
          case .malformed(_, part, _, _): break
          case .version: #expect(part == "schema_version")
          default: Issue.record("\(new): \(error)")
          }
        }
      }
    }
  }
}
