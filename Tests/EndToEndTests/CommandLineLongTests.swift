import TaperJSON
import TestSupport
import Testing

/// `--long`: texts with more tokens than the plan takes, in both programs.
@Suite struct CommandLineLongTests {
  let taper = TaperProgram()

  /// Every word is one token of the tiny vocabularies, so that a chunk of tokens is a text of its own.
  static let words = "a b c d e f g h i j k l m n o p q r s t u v w".split(separator: " ").map(String.init)

  private func plan(_ model: String) throws -> String {
    let path = taper.path("long.plan")
    let run = taper(
      "plan", TaperProgram.model(model), "--dense", "--device", TaperProgram.referenceDevice, "--threads",
      "1",
      "--max-length", "12", "-o", path)
    try #require(run.exitCode == 0, "\(run.errors)")
    return path
  }

  /// The answers of both programs, which must be the same.
  private func answers(_ plan: String, _ options: [String], input: String) throws -> [JSONValue] {
    let run = ChildProcess.run(taper.program, ["run", plan] + options, input: input)
    try #require(run.exitCode == 0, "\(run.errors)")
    let lean = ChildProcess.run(ChildProcess.product("taper-run"), [plan] + options, input: input)
    #expect(lean.output == run.output, "\(lean.errors)")
    return try JSONValue.lines(run.output)
  }

  private func line(_ words: some Sequence<String>) -> String { "\"\(words.joined(separator: " "))\"\n" }

  /// Windows of ten tokens that share three.
  private static let windows = [0..<10, 7..<17, 14..<23]

  private func numbers(_ answer: JSONValue) -> [Double] {
    let values =
      answer["embedding"]?.array ?? answer["scores"]?.object?.members.map(\.value) ?? [
        answer["value"] ?? .null
      ]
    return values.compactMap(\.double)
  }

  @Test(arguments: [
    ("tiny-mpnet", "embedding"), ("tiny-bert-classifier", "classifier"),
    ("tiny-mpnet-regression", "regression"),
  ])
  func chunksAreAnsweredAndJoined(_ model: String, name: String) throws {
    let path = try plan(model)
    let alone = try answers(path, [], input: Self.windows.map { line(Self.words[$0]) }.joined())
    try #require(alone.allSatisfy { $0["truncated"] == nil }, "every chunk fits")
    let weights = Self.windows.map { Double($0.count) }
    for joining in ["chunk-mean", "chunk-max"] {
      let whole = try answers(path, ["--long", joining, "--overlap", "3"], input: line(Self.words))[0]
      #expect(whole["chunks"] == 3 && whole["truncated"] == nil)
      #expect(whole["tokens"]?.int == alone.reduce(0) { $0 + ($1["tokens"]?.int ?? 0) })
      let parts = alone.map(numbers)
      var expected = parts[0].indices.map { place in
        joining == "chunk-mean"
          ? zip(parts, weights).reduce(0) { $0 + $1.0[place] * $1.1 } / weights.reduce(0, +)
          : parts.map { $0[place] }.max() ?? 0
      }
      if alone[0]["scores"] != nil, joining == "chunk-max" {
        let sum = expected.reduce(0, +)
        expected = expected.map { $0 / sum }
      }
      let found = numbers(whole)
      try #require(found.count == expected.count && !found.isEmpty)
      #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-5 }, "\(joining): \(found), \(expected)")
    }
    // A text that fits is answered as ever.
    let short = line(Self.words[0..<5])
    #expect(try answers(path, ["--long", "chunk-mean"], input: short) == answers(path, [], input: short))
  }

  @Test func aNormalisedVectorStaysNormalised() throws {
    let model = taper.path("normal")
    let copy = ChildProcess.run("/bin/cp", ["-rL", TaperProgram.model("tiny-distilbert"), model])
    try #require(copy.exitCode == 0)
    taper.folder.write(
      "normal/modules.json",
      #"[{"type": "sentence_transformers.models.Transformer", "path": ""}, "#
        + #"{"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"}, "#
        + #"{"type": "sentence_transformers.models.Normalize", "path": "2_Normalize"}]"#)
    taper.folder.write("normal/1_Pooling/config.json", #"{"pooling_mode": "mean"}"#)
    let path = try plan(model)
    for joining in ["chunk-mean", "chunk-max"] {
      let vector = numbers(try answers(path, ["--long", joining], input: line(Self.words))[0])
      #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
    }
  }

  @Test func tokensAreAnsweredByTheChunkThatHasMostRoundThem() throws {
    let path = try plan("tiny-bert-tokens")
    let alone = try answers(path, [], input: Self.windows.map { line(Self.words[$0]) }.joined())
    let whole = try answers(path, ["--long", "chunk-mean", "--overlap", "3"], input: line(Self.words))[0]
    let labels = try #require(whole["token_labels"]?.array)
    try #require(labels.count == Self.words.count)
    // Of three shared tokens the first two are the earlier chunk's.
    for (token, label) in labels.enumerated() {
      let chunk = token < 9 ? 0 : token < 16 ? 1 : 2
      let right = alone[chunk]["token_labels"]?.array?[token - Self.windows[chunk].lowerBound]
      #expect(label["label"] == right?["label"] && label["score"] == right?["score"], "token \(token)")
      #expect(label["token"]?.int == token + 1)
      #expect(label["offsets"] == [JSONValue(2 * token), JSONValue(2 * token + 1)])
    }
    let entities = try answers(
      path, ["--long", "chunk-max", "--aggregate", "simple"], input: line(Self.words))[0]
    #expect(entities["token_labels"] == nil && entities["entities"]?.array != nil)
  }

  @Test func theSecondTextOfAPairIsCutInChunks() throws {
    let path = try plan("tiny-mpnet-regression")
    // <s> A </s></s> B </s>: six tokens are left to a document after a query of two.
    let parts = [Self.words[0..<6], Self.words[5..<11]].map { $0.joined(separator: " ") }
    let document = Self.words[0..<11].joined(separator: " ")
    func ranking(_ documents: [String], _ options: [String]) throws -> JSONValue {
      let list = documents.map { "\"\($0)\"" }.joined(separator: ",")
      return try answers(path, options, input: #"{"query":"x y","documents":[\#(list)]}"# + "\n")[0]
    }
    let alone = try ranking(parts, [])["ranking"]?.array ?? []
    let best = alone.compactMap { $0["score"]?.double }.max()
    let whole = try ranking([document], ["--long", "chunk-max", "--overlap", "1"])["ranking"]?.array ?? []
    #expect(whole.count == 1 && whole[0]["chunks"] == 2 && whole[0]["score"]?.double == best)
    let refused = taper(
      "run", path, "--long", "chunk-max",
      input: #"{"text":"\#(document)","text_pair":"\#(document)"}"# + "\n")
    refused.expectRefused(65, naming: "line 1", "--max-length")
  }

  @Test func eitherEndCanBeCut() throws {
    let path = try plan("tiny-bert-classifier")
    let input = line(Self.words)
    let first = try answers(path, [], input: line(Self.words.prefix(10)))[0]["scores"]
    let last = try answers(path, [], input: line(Self.words.suffix(10)))[0]["scores"]
    let right = try answers(path, ["--long", "truncate-right"], input: input)[0]
    let left = try answers(path, ["--long", "truncate-left"], input: input)[0]
    #expect(right["scores"] == first && right["truncated"] == true && first != last)
    #expect(left["scores"] == last && left["truncated"] == true)
  }

  @Test func aVectorHasNoScoresToChooseFrom() throws {
    let path = try plan("tiny-mpnet")
    for (program, words) in [(taper.program, ["run"]), (ChildProcess.product("taper-run"), [])] {
      ChildProcess.run(program, words + [path, "--top-k", "2"], input: "\"a\"\n")
        .expectRefused(64, naming: "--top-k", "scores to choose from")
    }
  }

  @Test(arguments: [
    (["--overlap", "3"], "--long chunk"), (["--long", "cut"], "chunk-mean"),
    (["--aggregate", "simple"], "labels tokens"), (["--aggregate", "none"], "average"),
    (["--long", "chunk-mean", "--overlap", "-1"], "--overlap"),
    (["--prompt", "query", "--no-prompt"], "--no-prompt"),
  ])
  func optionsThatDoNotGoTogether(_ options: [String], word: String) throws {
    let path = try plan("tiny-distilbert")
    for (program, words) in [(taper.program, ["run"]), (ChildProcess.product("taper-run"), [])] {
      ChildProcess.run(program, words + [path] + options, input: "\"a\"\n").expectRefused(64, naming: word)
    }
  }
}
