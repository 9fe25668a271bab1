import TestSupport

/// The tiny checkpoints of ModelSpec's fixtures.
enum FixtureModels {
  static let all = ["tiny-bert-classifier", "tiny-bert-old-names", "tiny-mpnet", "tiny-mpnet-regression"]

  static func path(_ name: String) -> String {
    TestFile.fixture("../../TaperModelSpecTests/Fixtures/\(name)", beside: #filePath)
  }
}
