import Glibc
import TaperCostModel
import TaperDeviceProfile
import TaperJSON
import TaperModelSpec
import TaperPlanFormat
import TaperPlanRuntime
import TaperPlanner
import TaperTokenization
import TestSupport
import Testing

/// The real models, against what the reference implementation computed for the same texts (Fixtures) and against the
/// naive encoder. `tools/dev full` fetches the models and runs this; each test says what it found, for the record.
@Suite(.serialized, .enabled(if: FullSizeModels.folder != nil)) struct FullSizeTests {
  @Test(arguments: ["minilm", "mpnet", "tinybert"])
  func agreesWithTheReferenceLayerByLayer(name: String) throws {
    let model = try FullSizeModels.model(name)
    let fixture = try FullSizeFixture(name)
    let loaded = try FullSizeModels.plan(
      model, .dense(maximumLength: 128, layerCount: Int(model.shape.layers)), .hiddenStates)
    var session = try Session(loaded)
    var largest = 0.0
    var smallestCosine = 1.0
    var layers = 0
    for (index, text) in fixture.texts.enumerated() {
      let ids = model.tokenizer.encode(text, maximumLength: model.maximumLength).ids
      #expect(ids == (try fixture.ids(index)), "token ids of text \(index)")
      try session.run(ids: ids.span, typeIDs: Span())
      for layer in 0...Int(model.shape.layers) {
        guard let expected = try fixture.hidden(index, layer: layer) else { continue }
        let slot = session.contents(ofSlotNamed: "hidden.\(layer)")
        let found = try #require(slot)
        let difference = FullSizeFixture.largestDifference(found, expected.map(Double.init))
        #expect(difference < 1e-4, "text \(index), layer \(layer)")
        largest = max(largest, difference)
        layers += 1
      }
      let cosine = FullSizeFixture.cosine(session.result, try fixture.embedding(index))
      #expect(cosine > 0.999_999, "text \(index)")
      smallestCosine = min(smallestCosine, cosine)
    }
    #expect(fixture.texts.count == 5 && layers >= 6, "the fixture holds texts and layers")
    print("\(name): \(layers) layers' states within \(largest), embeddings' cosine from \(smallestCosine)")
  }

  @Test(arguments: ["steady", "steep"], [33, 64])
  func prunedEqualsTheNaiveEncoder(schedule: String, length: Int) throws {
    let model = try FullSizeModels.model("minilm")
    let layers = Int(model.shape.layers)
    var counts: [UInt16] = []
    for n in 1...64 {
      for layer in 0...layers {
        let kept = schedule == "steady" ? n * (12 - layer) / 12 : layer < 2 ? n : n / (layer * layer)
        counts.append(UInt16(max(1, kept)))
      }
    }
    let restores = schedule == "steady"
    let pruned = Schedule(
      maximumLength: 64, layerCount: layers, keepCounts: counts, restoresDroppedTokens: restores)
    let loaded = try FullSizeModels.plan(model, pruned, .hiddenStates)
    let text = try FullSizeFixture("minilm").texts[4]
    let ids = model.tokenizer.encode(text, maximumLength: length).ids
    try #require(ids.count == length)

    let expected = try NaiveEncoder(model).run(
      ids: ids, keepCounts: pruned.retentionConfiguration(length: length).map(Int.init),
      restoresDroppedTokens: restores)
    #expect(expected.selectionMargin > 1e-5, "single precision must choose the same tokens")
    var session = try Session(loaded)
    try session.run(ids: ids.span, typeIDs: Span())
    var largest = FullSizeFixture.largestDifference(session.result, expected.output)
    for layer in 0...layers {
      let slot = session.contents(ofSlotNamed: "hidden.\(layer)")
      let found = try #require(slot)
      largest = max(largest, FullSizeFixture.largestDifference(found, expected.hidden[layer].flatMap(\.self)))
    }
    #expect(largest < 1e-4)
    print("minilm, \(schedule), \(length) tokens: within \(largest), margin \(expected.selectionMargin)")
  }
}
