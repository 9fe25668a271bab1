import TaperJSON
import TaperModelSpec
import TaperPlanFormat
import TestSupport
import Testing

/// What each family's description makes of its checkpoints.
@Suite struct FamilyTests {
  @Test func distilBERTHasNoTokenTypesAndAReLUBeforeItsHead() throws {
    let model = try TinyModel.distilbert.load()
    #expect(model.family == "distilbert" && model.shape.tokenTypes == 0 && model.layerNormEpsilon == 1e-12)
    #expect(model.head.steps == [.pool(.cls, width: 18)] + HeadStep.pooler(.relu, norm: nil, width: 18))
    #expect(model.form == EncoderForm(hidden: 18, layers: 2))
  }

  @Test(arguments: [TinyModel.roberta, .xlmRoberta, .camembertTokens])
  func robertaAddsTheRowOfItsOnlyTokenType(_ tiny: TinyModel) throws {
    let model = try tiny.load()
    #expect(model.family == "roberta" && model.positionOffset == 2 && model.maximumLength == 24)
    #expect(model.shape.tokenTypes == 1 && model.has(.tokenTypeEmbedding))
    #expect(model.head.hasPooler == (tiny == .roberta))
    // Positions start after another padding id's, which no description says.
    let error = try tiny.error(config: [("pad_token_id", 0)])
    guard case .value(_, "pad_token_id", "1", "0") = error else {
      Issue.record("another padding id must be refused, found \(String(describing: error))")
      return
    }
  }

  @Test func electraProjectsNarrowEmbeddings() throws {
    let narrow = try TinyModel.electra.load()
    #expect(narrow.form.embeddingWidth == 10 && narrow.form.projectsEmbeddings)
    #expect(narrow.shape(of: .embeddingProjectionWeight) == [18, 10])
    #expect(narrow.head.steps[1...] == HeadStep.pooler(.gelu, norm: nil, width: 18)[...])
    let wide = try TinyModel.electraTokens.load()
    #expect(wide.form == EncoderForm(hidden: 18, layers: 2))
  }

  @Test func albertSharesItsLayers() throws {
    let model = try TinyModel.albert.load()
    #expect(model.form.layers.map(\.storedAs) == [1, 1] && model.form.distinctLayers == 1)
    #expect(try model.tensor(.layer(1, .queryWeight)) == model.tensor(.layer(2, .queryWeight)))
    #expect(
      model.activation == .geluTanh && model.form.projectsEmbeddings
        && model.head.steps[1...] == HeadStep.pooler(.tanh, norm: nil, width: 18)[...])
    // Three rounds by two groups: the first group serves two rounds, each of two layers.
    let groups = try TinyModel.albertGroups.load()
    #expect(groups.shape.layers == 6)
    #expect(groups.form.layers.map(\.storedAs) == [1, 2, 1, 2, 5, 6])
    #expect(groups.form.projectsEmbeddings, "also where the embeddings are as wide as the states")
  }

  @Test func modernBERTHasItsFormFromItsConfiguration() throws {
    let model = try TinyModel.modernbert.load()
    #expect(model.form.normalizesFirst && model.form.isGated)
    #expect(
      model.form.layers == [
        LayerForm(storedAs: 1, rotaryTheta: 160_000), LayerForm(storedAs: 2, rotaryTheta: 10_000, window: 3),
      ])
    #expect(!model.has(.positionEmbedding) && model.maximumLength == 24)
    #expect(!model.has(.layer(1, .attentionNormGamma)) && model.has(.layer(2, .attentionNormGamma)))
    #expect(
      !model.has(.layer(2, .attentionNormBeta)) && !model.has(.layer(2, .queryBias))
        && !model.has(.poolerBias))
    #expect(
      model.head.steps == [.pool(.mean, width: 18)] + HeadStep.pooler(.gelu, norm: 1e-5, width: 18))
    #expect(model.form.absent.contains(.finalNormBeta) && !model.form.absent.contains(.headBias))

    let tokens = try TinyModel.modernbertTokens.load()
    #expect(tokens.form.layers.map(\.window) == [4, nil], "as layer_types says")
    #expect(tokens.form.absent == [.layer(1, .attentionNormGamma), .layer(1, .attentionNormBeta)])
    #expect(tokens.head.steps == HeadStep.pooler(.gelu, norm: 1e-5, width: 18))
  }

  @Test func debertaHasItsRelativePositionsFromItsConfiguration() throws {
    let shared = try TinyModel.debertaV3.load()
    #expect(
      shared.form.disentangled
        == DisentangledSpec(span: 8, buckets: 8, maximumDistance: 24, sharesProjections: true))
    #expect(shared.has(.positionNormGamma) && !shared.has(.layer(1, .positionKeyWeight)))
    #expect(!shared.has(.positionEmbedding) && shared.shape.tokenTypes == 0 && shared.maximumLength == 24)
    let own = try TinyModel.debertaV2Tokens.load()
    #expect(
      own.form.disentangled
        == DisentangledSpec(span: 6, buckets: nil, maximumDistance: 6, sharesProjections: false))
    #expect(
      own.has(.positionEmbedding) && own.has(.layer(2, .positionQueryBias)) && !own.has(.positionNormBeta))
  }

  /// The rows of the embedding over the whole range, from the reference code.
  @Test(arguments: ["24/8", "512/256", "512/0"])
  func positionRowsAreTheReferences(_ name: String) throws {
    let path = TestFile.fixture("position-rows.json")
    let table = try JSONValue.parse(TestFile.bytes(path))[name]
    func number(_ key: String) -> Int { table?[key]?.int ?? 0 }
    let expected = (table?["rows"]?.array ?? []).compactMap(\.int)
    let first = number("first")
    let spec = DisentangledSpec(
      span: number("span"), buckets: table?["buckets"]?.int, maximumDistance: number("maximum"),
      sharesProjections: true)
    #expect(expected.count == 1201 && first == -600)
    #expect(expected.indices.allSatisfy { spec.row(distance: first + $0) == expected[$0] })
  }

  /// The keys that transformers wrote before its version 5.
  @Test func modernBERTsEarlierKeysSayTheSame() throws {
    let directory = TemporaryDirectory()
    try TinyModel.modernbert.copy(
      to: directory,
      config: [
        ("rope_parameters", nil), ("layer_types", nil), ("global_attn_every_n_layers", 3),
        ("global_rope_theta", 80_000.0), ("local_rope_theta", 5_000.0),
      ])
    let form = try ModelSpec.load(directory: directory.path).form
    #expect(form.layers.map(\.rotaryTheta) == [80_000, 5_000] && form.layers.map(\.window) == [nil, 3])
  }

  /// Those of the model's own code.
  @Test func nomicBERTsEarlierKeysSayTheSame() throws {
    let directory = TemporaryDirectory()
    let earlier: [(String, JSONValue?)] = [
      ("hidden_size", nil), ("n_embd", 18), ("num_hidden_layers", nil), ("n_layer", 2),
      ("num_attention_heads", nil), ("n_head", 3), ("intermediate_size", nil), ("n_inner", 28),
      ("max_position_embeddings", nil), ("n_positions", 24), ("hidden_act", nil),
      ("activation_function", "swiglu"), ("layer_norm_eps", nil), ("layer_norm_epsilon", 1e-12),
      ("rope_parameters", nil), ("rotary_emb_base", 1000), ("rotary_emb_fraction", 1.0), ("head_dim", nil),
    ]
    try TinyModel.nomicBert.copy(to: directory, config: earlier)
    let (now, then) = (try TinyModel.nomicBert.load(), try ModelSpec.load(directory: directory.path))
    #expect(then.form == now.form && then.shape == now.shape && then.activation == .silu)
    #expect(then.form.layers.allSatisfy { $0.rotaryTheta == 1000 && $0.window == nil })
    #expect(then.form.isGated && !then.form.normalizesFirst && then.maximumLength == 24)
  }

  @Test func gteMayHaveNoTokenTypes() throws {
    let directory = TemporaryDirectory()
    try TinyModel.gte.copy(to: directory, config: [("type_vocab_size", 0)])
    let model = try ModelSpec.load(directory: directory.path)
    #expect(model.shape.tokenTypes == 0 && !model.has(.tokenTypeEmbedding))
    #expect(model.has(.layer(1, .outputBias)) && !model.has(.layer(1, .intermediateBias)))
  }

  @Test(arguments: [
    (
      TinyModel.gte, "rope_parameters",
      JSONValue.object(JSONObject([("rope_type", "dynamic"), ("rope_theta", 1e4)]))
    ),
    (.gte, "rope_scaling", .object(JSONObject([("type", "ntk"), ("factor", 8)]))),
    (.nomicBert, "rotary_scaling_factor", 2), (.nomicBert, "rotary_emb_interleaved", true),
    (.nomicBert, "num_experts", 8), (.nomicBert, "qkv_proj_bias", true), (.nomicBert, "head_dim", 12),
    (.modernbert, "layer_types", .array(["full_attention"])),
    (.modernbert, "layer_types", .array(["full_attention", "linear_attention"])),
    (.debertaV3, "relative_attention", false), (.debertaV3, "relative_attention", .null),
    (.debertaV3, "pos_att_type", "c2p"),
    (.debertaV3, "conv_kernel_size", 3),
    (.debertaV3, "embedding_size", 12), (.debertaV2Tokens, "pos_att_type", .null),
    (.debertaV3, "norm_rel_ebd", "conv"),
    (.modernbert, "num_attention_heads", 2), (.modernbert, "classifier_pooling", "max"),
    (.albert, "num_hidden_groups", 3), (.distilbert, "activation", "swiglu"),
  ])
  func variantsThatAreNotTheReferencesOwnAreRefused(_ tiny: TinyModel, _ key: String, _ value: JSONValue)
    throws
  {
    let error = try tiny.error(config: [(key, value)])
    guard case .value(let path, let named, _, _) = error else {
      Issue.record("\(key) must be refused, found \(String(describing: error))")
      return
    }
    #expect(path.hasSuffix("/config.json"))
    #expect(named.contains(key))
  }

  /// Selectors and halting points read states that norms have left.
  @Test(arguments: ["selector", "halting"])
  func encodersThatNormaliseFirstHaveNoSelectorsOrHaltingPoints(_ name: String) throws {
    let parts: [String: JSONValue] = [
      "selector": [
        "layers": [1], "width": 4, "activation": "gelu", "threshold": 0.5, "lambda": 0.1,
        "lambda_searched": false,
      ],
      "halting": [
        "layers": 2, "classes": 3, "tau": 0.1, "encoder_trained": true, "pooling": "mean",
        "follows_normalization": false,
      ],
    ]
    var taper = JSONObject([
      ("schema_version", 1), ("layers", 2), ("methods", [.string(name)]), ("restores_dropped_tokens", true),
    ])
    taper[name] = parts[name]
    let error = try TinyModel.modernbert.error(config: [
      ("taper", .object(taper)), ("architectures", ["ModernBertModel"]),
    ])
    guard case .value(_, let key, _, _) = error else {
      Issue.record("\(name) must be refused, found \(String(describing: error))")
      return
    }
    #expect(key == "taper.\(name)" || name == "halting")
  }
}
