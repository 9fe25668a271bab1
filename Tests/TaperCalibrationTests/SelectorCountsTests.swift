import TaperBase
import TaperCalibration
import Testing

/// What the selectors keep, in a calibration and its file.
@Suite struct SelectorCountsTests {
  private func calibration() throws -> Calibration {
    var builder = Calibration.Builder(layerCount: 3, selectorLayers: [1, 2])
    for (tokens, kept) in [(4, [3, 1]), (2, [2, 2]), (6, [1, 1])] {
      try builder.add(
        ids: [UInt32](repeating: 7, count: tokens),
        scores: [[Float]](repeating: [Float](repeating: 1, count: tokens), count: 3), reference: [0],
        kept: kept)
    }
    return try builder.finish(modelDigest: digest(1), dataDigest: digest(2))
  }

  @Test func roundTrip() throws {
    try withTemporaryDirectory { directory in
      let calibration = try calibration()
      let counts = try #require(calibration.selectors)
      #expect(counts.layers == [1, 2])
      #expect(counts.texts.map(\.kept) == [[3, 1], [2, 2], [1, 1]])
      #expect(counts.texts.map(\.tokens) == [4, 2, 6])
      #expect(counts.shares == [0.5, 4.0 / 12])
      try calibration.save(directory: directory + "/c")
      let loaded = try Calibration.load(directory: directory + "/c")
      #expect(loaded == calibration && loaded.selectors == counts)
    }
  }

  @Test func refusesCountsThatDoNotFit() throws {
    var builder = Calibration.Builder(layerCount: 1, selectorLayers: [1])
    for kept in [[], [1, 1], [0], [3]] {
      let error = #expect(throws: CalibrationError.self) {
        try builder.add(ids: [1, 2], scores: [[1, 1]], reference: [0], kept: kept)
      }
      guard case .sample(index: 0, _, _) = error else {
        Issue.record("found \(String(describing: error))")
        continue
      }
    }
    try withTemporaryDirectory { directory in
      let path = directory + "/c"
      try calibration().save(directory: path)
      let text = String(
        decoding: readFile(path + "/calibration.json").filter { $0 != 10 && $0 != 32 }, as: UTF8.self)
      for (old, new, part) in [
        ("[4,3,1]", "[4,3,0]", "selectors.kept"), ("[4,3,1]", "[4,1,3]", "selectors.kept"),
        ("[4,3,1]", "[4,3]", "selectors.kept"), ("[4,3,1]", "[4,3,1.5]", "selectors.kept"),
        (",[2,2,2]", "", "selectors.kept"), ("\"layers\":[1,2]", "\"layers\":[2,1]", "selectors.layers"),
        ("\"layers\":[1,2]", "\"layers\":[]", "selectors.layers"),
      ] {
        let range = try #require(text.firstRange(of: old), "\(old)")
        writeFile(
          path + "/calibration.json",
          Array((text[..<range.lowerBound] + new + text[range.upperBound...]).utf8))
        let error = #expect(throws: CalibrationError.self) { try Calibration.load(directory: path) }
        guard case .malformed(_, part, _, _) = error else {
          Issue.record("\(new): found \(String(describing: error))")
          continue
        }
      }
    }
  }
}
