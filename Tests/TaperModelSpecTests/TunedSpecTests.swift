import TaperJSON
import TaperModelSpec
import TestSupport
import Testing

/// The member `taper` of config.json: what tools/tune wrote is read whole, what it cannot have written is refused.
@Suite struct TunedSpecTests {
  @Test func accAndHalting() throws {
    let model = try TinyModel.tunedAccHalting.load()
    let tuned = try #require(model.tuned)
    #expect(tuned.methods == [.acc, .halting])
    let elimination = try #require(tuned.elimination)
    #expect(elimination.decay == 0.25 && elimination.alpha == 0.7409500058144362)
    #expect(elimination.tokens == 20 && elimination.speedup == 2)
    #expect(elimination.keepCounts == [12, 9, 7, 6] && elimination.contributions == [1, 0.8, 0.6, 0.45])
    let halting = try #require(tuned.halting)
    #expect(halting.layers == 4 && halting.classes == 3 && halting.price == 0.1 && halting.encoderTrained)
    #expect(tuned.restoresDroppedTokens && tuned.selector == nil && tuned.layersBeforeCut == nil)
    for layer in 1...4 { #expect(model.shape(of: .halting(layer, .classifierWeight)) == [3, 16]) }
    #expect(try model.tensor(.halting(3, .unitBias)).count == 1)
    #expect(!model.has(.halting(4, .unitWeight)), "the last unit would have no reader")
  }

  @Test func selectors() throws {
    let model = try TinyModel.tunedSelector.load()
    let selector = try #require(model.tuned?.selector)
    #expect(selector.layers == [1, 2] && selector.width == 8 && selector.threshold == 0.5)
    #expect(selector.price == 0.5 && !selector.priceSearched && selector.speedup == nil)
    #expect(model.shape(of: .selector(2, .w1Weight)) == [8, 16])
    #expect(try model.tensor(.selector(1, .w2Bias)).count == 1)
    #expect(!model.has(.selector(3, .w1Weight)))
  }

  @Test func scoresOfWords() throws {
    let model = try TinyModel.tunedLexical.load()
    let lexical = try #require(model.tuned?.lexical)
    #expect(lexical.share == 0.5 && lexical.tokens == 20 && lexical.speedup == 2)
    #expect(lexical.penalties.count == 32 && lexical.penalties[0] == 0 && lexical.penalties[1] > 0.69)
    #expect(model.shape(of: .wordScores) == [22])
    #expect(model.tuned?.methods == [.lexical] && model.tuned?.restoresDroppedTokens == false)
  }

  @Test func otherDirectoriesHaveNone() throws {
    for tiny in TinyModel.allCases { #expect(try tiny.load().tuned == nil) }
  }

  /// A depth cut after `acc` leaves the lists of the longer model; halting points of the whole depth are gone.
  @Test func aDepthCut() throws {
    var taper = try member(.tunedAccHalting)
    taper["layers"] = 2
    taper["methods"] = ["acc", "halting", "depth"]
    taper["halting"] = nil
    taper["depth"] = ["layers": 2, "of": 4]
    let directory = TemporaryDirectory()
    try TinyModel.tunedAccHalting.copy(
      to: directory, config: [("num_hidden_layers", 2), ("taper", .object(taper))])
    let tuned = try #require(try ModelSpec.load(directory: directory.path).tuned)
    #expect(tuned.elimination?.keepCounts == [12, 9] && tuned.layersBeforeCut == 4 && tuned.halting == nil)
  }

  @Test func unknownMembersAreIgnored() throws {
    var taper = try member(.tunedSelector)
    taper["colour"] = "blue"
    #expect(try error(.tunedSelector, taper) == nil)
  }

  /// Each spoils one member; the complaint names it.
  @Test(
    arguments: [
      ("schema_version", nil, JSONValue.integer(2)), ("schema_version", nil, nil),
      ("schema_version", nil, "1"),
      ("layers", nil, 5), ("methods", nil, ["acc", "halting", "magic"]), ("methods", nil, ["acc"]),
      ("restores_dropped_tokens", nil, "yes"), ("elimination", nil, 3), ("halting", nil, [1]),
      ("elimination", "decay", -0.1), ("elimination", "alpha", 0), ("elimination", "tokens", 1.5),
      ("elimination", "speedup", 0.5), ("elimination", "keep_counts", [9, 12, 7, 6]),
      ("elimination", "keep_counts", [21, 9, 7, 6]), ("elimination", "keep_counts", [12, 9, 7]),
      ("elimination", "keep_counts", [12, 9, 7, 1e300]), ("elimination", "keep_counts", [12, 9, 7, 6.5]),
      ("elimination", "contributions", [1, 0.8, 0.6, -0.45]), ("elimination", "contributions", nil),
      ("halting", "layers", 3), ("halting", "classes", 4), ("halting", "classes", 9_223_372_036_854_775_807),
      ("halting", "tau", -1), ("halting", "pooling", "cls"), ("halting", "follows_normalization", false),
      ("halting", "encoder_trained", nil), ("depth", nil, ["layers": 3, "of": 6]),
      ("selector", nil, ["layers": [1]]),
    ] as [(String, String?, JSONValue?)])
  func spoiltMembers(_ part: String, _ key: String?, _ value: JSONValue?) throws {
    if let key { return try expectRefusal(.tunedAccHalting, of: part, key, value) }
    var taper = try member(.tunedAccHalting)
    taper[part] = value
    try expectRefusal(.tunedAccHalting, taper, part, nil)
  }

  @Test(
    arguments: [
      ("layers", [1, 4]), ("layers", [0, 1]), ("layers", [2, 1]), ("layers", [1, 1]), ("layers", []),
      ("layers", [1e300]), ("width", 0), ("width", 1_000_000_000), ("activation", "relu"), ("threshold", 1.5),
      ("lambda", nil), ("lambda_searched", 1), ("speedup", 0),
    ] as [(String, JSONValue?)])
  func spoiltSelectors(_ key: String, _ value: JSONValue?) throws {
    try expectRefusal(.tunedSelector, of: "selector", key, value)
  }

  @Test(
    arguments: [
      ("share", 0), ("share", 1.5), ("share", nil), ("tokens", 0), ("speedup", 0.5), ("penalties", []),
      ("penalties", "none"), ("penalties", [0, 1e300]),
    ] as [(String, JSONValue?)])
  func spoiltScoresOfWords(_ key: String, _ value: JSONValue?) throws {
    try expectRefusal(.tunedLexical, of: "lexical", key, value)
  }

  /// Words choose before layer 1 or attention in every layer: a directory of tune has one.
  @Test func scoresOfWordsStandAlone() throws {
    var taper = try member(.tunedAccHalting)
    taper["lexical"] = try member(.tunedLexical)["lexical"]
    taper["methods"] = ["acc", "lexical", "halting"]
    try expectRefusal(.tunedAccHalting, taper, "lexical", nil)
  }

  /// Sizes that config.json claims and the weights do not have.
  @Test func tensorsAreCheckedAgainstTheDescription() throws {
    var taper = try member(.tunedSelector)
    var selector = try #require(taper["selector"]?.object)
    selector["width"] = 65536
    taper["selector"] = .object(selector)
    guard
      case .tensorShape(_, "taper.selector.1.w1.weight", [65536, 16], [8, 16]) = try error(
        .tunedSelector, taper)
    else {
      Issue.record("a width that the tensors do not have must be refused")
      return
    }
    let directory = TemporaryDirectory()
    try TinyModel.tunedHalting.copy(to: directory)
    let missing = "taper.halting.3.unit.weight"
    directory.write(
      "model.safetensors", RawTensor.file(try TinyModel.tunedHalting.tensors().filter { $0.name != missing }))
    #expect(
      TinyModel.error(loading: directory.path)
        == .tensorMissing(path: directory.path, tensor: missing, tried: [missing]))
  }

  /// Halting points need the head they were trained with.
  @Test func haltingNeedsItsHead() throws {
    let directory = TemporaryDirectory()
    try TinyModel.tunedHalting.copy(to: directory)
    directory.remove("taper_head.json")
    guard case .value(_, "taper.halting.classes", _, _) = TinyModel.error(loading: directory.path) else {
      Issue.record("halting without classification head must be refused")
      return
    }
  }

  /// A head of one class has nothing to end a run for.
  @Test func haltingNeedsTwoClasses() throws {
    let directory = TemporaryDirectory()
    var taper = try member(.tunedHalting)
    var halting = try #require(taper["halting"]?.object)
    halting["classes"] = 1
    taper["halting"] = .object(halting)
    try TinyModel.tunedHalting.copy(to: directory, config: [("taper", .object(taper))])
    var head = try #require(
      try JSONValue.parse(TestFile.bytes(TinyModel.tunedHalting.path + "/taper_head.json")).object)
    head["labels"] = ["a"]
    head["outputs"] = 1
    directory.write("taper_head.json", JSONValue.object(head).serialized())
    directory.write(
      "taper_head.safetensors",
      RawTensor.file([
        RawTensor(name: "head.weight", type: "F32", shape: [1, 16], data: [UInt8](repeating: 0, count: 64)),
        RawTensor(name: "head.bias", type: "F32", shape: [1], data: [0, 0, 0, 0]),
      ]))
    guard
      case .value(_, "taper.halting.classes", "an integer in 2...65536", "1") = TinyModel.error(
        loading: directory.path)
    else {
      Issue.record("one class must be refused")
      return
    }
  }

  /// Answers name labels, so no two may be alike.
  @Test func aHeadsLabelsDiffer() throws {
    let directory = TemporaryDirectory()
    try TinyModel.tunedHalting.copy(to: directory)
    let head = String(decoding: TestFile.bytes(directory.path + "/taper_head.json"), as: UTF8.self)
    directory.write("taper_head.json", head.replacing("\"b\"", with: "\"a\""))
    guard case .value(_, "labels", _, "\"a\"") = TinyModel.error(loading: directory.path) else {
      Issue.record("two labels alike must be refused")
      return
    }
  }

  private func member(_ tiny: TinyModel) throws -> JSONObject {
    try #require(try JSONValue.parse(TestFile.bytes(tiny.path + "/config.json"))["taper"]?.object)
  }

  private func error(_ tiny: TinyModel, _ taper: JSONObject) throws -> ModelSpecError? {
    try tiny.error(config: [("taper", .object(taper))])
  }

  /// Of a part in which `key` has this value.
  private func expectRefusal(_ tiny: TinyModel, of part: String, _ key: String, _ value: JSONValue?) throws {
    var taper = try member(tiny)
    var object = try #require(taper[part]?.object)
    object[key] = value
    taper[part] = .object(object)
    try expectRefusal(tiny, taper, part, key)
  }

  private func expectRefusal(_ tiny: TinyModel, _ taper: JSONObject, _ part: String, _ key: String?) throws {
    let path = key.map { "taper.\(part).\($0)" } ?? "taper.\(part)"
    guard case .value(let file, let found, _, _) = try error(tiny, taper) else {
      Issue.record("expected a refusal of \(path)")
      return
    }
    #expect(file.hasSuffix("/config.json") && found.hasPrefix(path), "found \(found)")
  }
}
