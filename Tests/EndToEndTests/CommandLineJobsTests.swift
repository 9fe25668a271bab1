import TaperJSON
import TestSupport
import Testing

/// Sparse vectors, token vectors and prompts that are left out: `taper plan` and `taper run` against what
/// sentence-transformers answers (tools/reference/make-job-fixtures.py).
@Suite struct CommandLineJobsTests {
  let taper = TaperProgram()

  private func plan(_ model: String, _ options: [String] = ["--dense"], name: String = "a.plan")
    -> ChildProcess
  {
    ChildProcess.run(
      taper.program,
      ["plan", TaperProgram.model(model), "--device", TaperProgram.referenceDevice, "--threads", "1"]
        + options
        + ["-o", taper.path(name)])
  }

  private func answers(_ lines: [JSONValue], _ options: [String] = []) throws -> [JSONValue] {
    let input = lines.map { $0.serialized() + "\n" }.joined()
    let run = ChildProcess.run(taper.program, ["run", taper.path("a.plan")] + options, input: input)
    try #require(run.exitCode == 0, "\(run.errors)")
    let lean = ChildProcess.run(
      ChildProcess.product("taper-run"), [taper.path("a.plan")] + options, input: input)
    #expect(lean.output == run.output)
    return try run.output.split(separator: "\n").map { try JSONValue.parse(Array($0.utf8)) }
  }

  private func expected(_ model: String) throws -> JSONValue {
    try JSONValue.parse(TestFile.bytes(TaperProgram.model(model) + "/expected.json"))
  }

  private func numbers(_ value: JSONValue?) -> [Double] { value?.array?.compactMap(\.double) ?? [] }

  private func difference(_ a: [Double], _ b: [Double]) -> Double {
    a.count == b.count ? zip(a, b).map { abs($0 - $1) }.max() ?? 0 : .infinity
  }

  @Test(arguments: ["tiny-colbert", "tiny-colbert-pylate", "tiny-colbert-stanford"])
  func tokenVectorsAndTheirRankings(model: String) throws {
    let planned = plan(model)
    try #require(planned.exitCode == 0, "\(planned.errors)")
    let expected = try expected(model)
    let queries = expected["queries"]?.array ?? []
    let documents = expected["documents"]?.array ?? []
    let texts: [JSONValue] = documents.compactMap { $0["text"] }
    let found = try answers(
      queries.map { ["query": $0["text"] ?? ""] } + documents.map { ["text": $0["text"] ?? ""] }
        + queries.map { ["query": $0["text"] ?? "", "documents": .array(texts)] })
    for (answer, wanted) in zip(found, queries + documents) {
      let vectors = (answer["token_embeddings"]?.array ?? []).map { numbers($0["vector"]) }
      let right = (wanted["vectors"]?.array ?? []).map(numbers)
      #expect(
        vectors.count == right.count && difference(vectors.flatMap(\.self), right.flatMap(\.self)) < 1e-5)
    }
    for (answer, scores) in zip(
      found.dropFirst(queries.count + documents.count), expected["scores"]?.array ?? [])
    {
      let ranking = answer["ranking"]?.array ?? []
      var byDocument = [Double](repeating: .nan, count: documents.count)
      for entry in ranking { byDocument[entry["document"]?.int ?? 0] = entry["score"]?.double ?? .nan }
      #expect(difference(byDocument, numbers(scores)) < 1e-4)
      let order = ranking.compactMap { $0["score"]?.double }
      #expect(order == order.sorted(by: >))
    }
    #expect(taper("verify", taper.path("a.plan")).exitCode == 0)
  }

  /// Offsets are of the text, without the document's marker.
  @Test func placesOfTokens() throws {
    try #require(plan("tiny-colbert").exitCode == 0)
    let text = "a plan, this"
    let answer = try #require(try answers([["text": .string(text)]]).first)
    let words = (answer["token_embeddings"]?.array ?? []).map { entry -> String in
      let offsets = (entry["offsets"]?.array ?? []).compactMap(\.int)
      return String(Array(text)[offsets[0]..<offsets[1]])
    }
    #expect(words == ["", "", "", "a", "plan", "this", ""], "[CLS], two of the prompt, the words, [SEP]")
  }

  @Test func whatNeedsEveryTokenIsNotReduced() throws {
    let calibration = try taper.calibration("tiny-colbert-stanford")
    let hidden = plan("tiny-colbert-stanford", ["--calibration", calibration, "--flops-speedup", "1.3x"])
    #expect(hidden.exitCode == 65 && hidden.errors.contains("--dense"), "\(hidden.errors)")
    #expect(plan("tiny-colbert-stanford", ["--calibration", calibration, "--dense"]).exitCode == 0)
    // Where all tokens attend to each other, those of documents may be dropped.
    let attended = try taper.calibration("tiny-colbert")
    let dropped = plan(
      "tiny-colbert", ["--calibration", attended, "--flops-speedup", "1.3x", "--max-drop", "100%"])
    try #require(dropped.exitCode == 0, "\(dropped.errors)")
    let answer = try #require(try answers([["text": "the plan of this model is a token"]]).first)
    #expect(answer["token_embeddings"]?.array?.count == answer["tokens"]?.int, "no token is missing")
    let short = plan("tiny-colbert-stanford", ["--dense", "--max-length", "8"])
    #expect(short.exitCode != 0 && short.errors.contains("11 at least"))
  }

  @Test func sparseVectorsBySize() throws {
    try #require(plan("tiny-splade").exitCode == 0)
    let all = try #require(try answers(["the plan of this model"]).first?["sparse_embedding"]?.object)
    let weights = all.members.compactMap(\.value.double)
    #expect(!weights.isEmpty && weights == weights.sorted(by: >) && weights.allSatisfy { $0 > 0 })
    let first = try #require(
      try answers(["the plan of this model"], ["--top-k", "3"]).first?["sparse_embedding"]?.object)
    #expect(first.keys == Array(all.keys.prefix(3)))
    let refit = plan("tiny-splade", ["--dense", "--refit-head", taper.texts()])
    #expect(refit.exitCode != 0 && refit.errors.contains("sparse vector"))
    let query = taper("run", taper.path("a.plan"), input: #"{"query": "x"}"# + "\n")
    #expect(query.exitCode == 65 && query.errors.contains("query"))
  }

  @Test(arguments: ["mean", "max", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"])
  func promptsThatAreNotPooled(mode: String) throws {
    let source = TaperProgram.model("tiny-prompts")
    for name in TemporaryDirectory.entries(source) where !TestFile.exists("\(source)/\(name)/.") {
      taper.folder.write("model/\(name)", TestFile.bytes("\(source)/\(name)"))
    }
    taper.folder.write(
      "model/1_Pooling/config.json", #"{"pooling_mode": "\#(mode)", "include_prompt": false}"#)
    let planned = plan(taper.path("model"))
    try #require(planned.exitCode == 0, "\(planned.errors)")
    let expected = try expected("tiny-prompts")
    let texts = expected["texts"]?.array ?? []
    for (prompt, options) in [
      ("query", []), ("query", ["--prompt", "query"]), ("passage", ["--prompt", "passage"]),
      ("", ["--no-prompt"]),
    ] {
      let found = try answers(texts, options)
      let right = expected["answers"]?[mode]?[prompt]?.array ?? []
      #expect(right.count == texts.count && found.count == texts.count)
      for (answer, vector) in zip(found, right) {
        #expect(difference(numbers(answer["embedding"]), numbers(vector)) < 1e-5, "\(prompt)")
      }
    }
    let calibrated = taper(
      "calibrate", taper.path("model"), "--data", taper.texts(), "--threads", "1", "-o", taper.path("c"))
    #expect(calibrated.exitCode != 0 && calibrated.errors.contains("--no-prompt"))
  }

  @Test func modulesAreInspected() throws {
    let facts = try taper.json("inspect", TaperProgram.model("tiny-pool-sqrt"))
    #expect(facts["pooling"] == "mean_sqrt_len_tokens, L2-normalised")
    #expect(facts["modules"] == ["layer norm", "dense 18 → 24 with gelu", "L2 norm"])
    let colbert = try taper.json("inspect", TaperProgram.model("tiny-colbert-pylate"))
    #expect(colbert["queries"]?.string?.contains("exactly 12 tokens") == true)
    #expect(colbert["documents"]?.string?.contains("at most 16 tokens") == true)
  }

  /// A head on an embedder with modules reads what the last of them leaves.
  @Test func aHeadIsFittedToTheLastModule() throws {
    let fitted = taper.path("fitted")
    let run = taper(
      "fit-head", TaperProgram.model("tiny-pool-sqrt"), "--data", taper.texts(), "--threads", "1", "-o",
      fitted)
    try #require(run.exitCode == 0, "\(run.errors)")
    let planned = plan(fitted)
    try #require(planned.exitCode == 0, "\(planned.errors)")
    let answer = try #require(try answers(["a plan of the model"]).first)
    #expect(answer["label"] != nil && answer["scores"]?.object?.count == 2)
  }
}
