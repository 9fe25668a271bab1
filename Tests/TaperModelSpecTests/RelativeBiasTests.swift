import TaperJSON
import TaperModelSpec
import TestSupport
import Testing

@Suite struct RelativeBiasTests {
  /// All distances from −600 to 600 fall into the bucket the reference code gives.
  @Test func bucketsAreTheReferences() throws {
    let fixture = try JSONValue.parse(TestFile.bytes(TestFile.fixture("relative-buckets.json")))
    let first = try #require(fixture["first"]?.int)
    let buckets = try #require(fixture["buckets"]?.array).compactMap(\.int)
    let spec = RelativeBiasSpec(buckets: 32, maximumDistance: 128)
    #expect(buckets.count == 1201)
    #expect(buckets.indices.map { spec.bucket(distance: first + $0) } == buckets)
  }

  @Test(arguments: [1, 2, 24, 300])
  func tableHoldsEachHeadsBiasByDistance(_ reach: Int) throws {
    let model = try TinyModel.mpnet.load()
    let table = try model.relativeBiasByDistance(reach: reach)
    let byBucket = try model.tensor(.relativeBias)
    let spec = try #require(model.relativeBias)
    #expect(table.count == 4 * (2 * reach - 1))
    for head in 0..<4 {
      for distance in (1 - reach)..<reach {
        #expect(
          table[head * (2 * reach - 1) + distance + reach - 1]
            == byBucket[spec.bucket(distance: distance) * 4 + head])
      }
    }
  }

  @Test func bertHasNone() throws {
    let model = try TinyModel.bertClassifier.load()
    #expect(throws: ModelSpecError.roleAbsent(role: "relative_bias", model: "tiny-bert-classifier")) {
      try model.relativeBiasByDistance(reach: 4)
    }
  }
}
