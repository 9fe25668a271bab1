import TaperJSON
import TestSupport
import Testing

/// `taper` as a program: running, explaining and checking plans.
@Suite struct CommandLineRunTests {
  let taper = TaperProgram()
  static let input =
    "\"a plan\"\n{\"text\":\"token model\",\"text_pair\":\"it was for one\",\"label\":\"x\"}\n\"\"\n"

  @Test(arguments: [
    ("tiny-bert-classifier", ["index", "tokens", "label", "scores", "schema_version"]),
    ("tiny-bert-old-names", ["index", "tokens", "embedding", "schema_version"]),
    ("tiny-mpnet-regression", ["index", "tokens", "value", "schema_version"]),
  ])
  func answersWithTheDocumentedKeys(model: String, keys: [String]) throws {
    let plan = try taper.plan("--dense", model: model)
    let input =
      keys.contains("embedding")
      ? Self.input.replacing(#","text_pair":"it was for one""#, with: "") : Self.input
    let run = taper("run", plan, input: input)
    #expect(run.exitCode == 0 && run.errors == "")
    let lines = try JSONValue.lines(run.output)
    #expect(lines.count == 3 && lines.allSatisfy { $0.keys == keys })
    #expect(lines.map { $0["index"] } == [0, 1, 2])
    #expect(lines[0]["tokens"] == 4)

    let file = taper.folder.write("input.jsonl", input)
    #expect(taper("run", plan, "--input", file).output == run.output)
  }

  /// A vector is one text's: two are not joined without a word.
  @Test func pairsAreNotEmbedded() throws {
    let plan = try taper.plan("--dense", model: "tiny-bert-old-names")
    let run = taper("run", plan, "--on-error", "report", input: Self.input)
    #expect(run.exitCode == 1)
    #expect(try JSONValue.lines(run.output).map { $0["embedding"] != nil } == [true, false, true])
    #expect(run.output.contains("text_pair"))
  }

  /// A reranker sorts documents by the score of each with the query.
  @Test func documentsAreRanked() throws {
    let plan = try taper.plan("--dense", model: "tiny-mpnet-regression")
    let documents = ["it was for one", "token model", "a plan", "token model"]
    let pairs = documents.map { #"{"text":"a plan","text_pair":"\#($0)"}"# }.joined(separator: "\n")
    let scores = try JSONValue.lines(taper("run", plan, input: pairs + "\n").output).compactMap {
      $0["value"]?.double
    }
    let list = documents.map { #"{"text":"\#($0)"}"# }.joined(separator: ",")
    let ranked = taper("run", plan, input: #"{"query":"a plan","documents":[\#(list)]}"# + "\n")
    let ranking = try #require(try JSONValue.lines(ranked.output).first?["ranking"]?.array)
    let order = scores.indices.sorted { scores[$0] != scores[$1] ? scores[$0] > scores[$1] : $0 < $1 }
    #expect(ranking.compactMap { $0["document"]?.int } == order)
    #expect(ranking.compactMap { $0["score"]?.double } == order.map { scores[$0] })
    let best = taper(
      "run", plan, "--top-k", "1", input: #"{"query":"a plan","documents":["x","token"]}"# + "\n")
    #expect(try JSONValue.lines(best.output).first?["ranking"]?.array?.count == 1)
    #expect(taper("run", plan, input: #"{"query":"a","documents":[]}"# + "\n").exitCode == 0)
    for bad in [#"{"query":"a"}"#, #"{"query":1,"documents":[]}"#, #"{"query":"a","documents":[1]}"#] {
      taper("run", plan, input: bad + "\n").expectRefused(65, naming: "line 1")
    }
    let classifier = try taper.plan("--dense", model: "tiny-bert-classifier", name: "classifier.plan")
    taper("run", classifier, input: #"{"query":"a","documents":["b"]}"# + "\n").expectRefused(
      65, naming: "documents")
  }

  /// The first numbers of a vector, of norm 1 again where the whole vector has it.
  @Test func matryoshkaVectorsAreCutAndNormalised() throws {
    let plan = try taper.plan("--dense", model: "tiny-bert-old-names")
    func vector(_ arguments: String...) throws -> [Double] {
      let run = ChildProcess.run(taper.program, ["run", plan] + arguments, input: "\"a plan\"\n")
      return try #require(try JSONValue.lines(run.output).first?["embedding"]?.array).compactMap(\.double)
    }
    let (whole, part) = (try vector(), try vector("--dimensions", "8"))
    let norm = whole.prefix(8).reduce(0) { $0 + $1 * $1 }.squareRoot()
    #expect(part.count == 8 && zip(whole, part).allSatisfy { abs($0 / norm - $1) < 1e-6 })
    taper("run", plan, "--dimensions", "999", input: "").expectRefused(64, naming: "--dimensions", "999")
    let classifier = try taper.plan("--dense", model: "tiny-bert-classifier", name: "classifier.plan")
    taper("run", classifier, "--dimensions", "2", input: "").expectRefused(64, naming: "--dimensions")
  }

  @Test func onlyTheBestLabels() throws {
    let plan = try taper.plan("--dense", model: "tiny-bert-classifier")
    let all = try JSONValue.lines(taper("run", plan, input: Self.input).output)
    let best = try JSONValue.lines(taper("run", plan, "--top-k", "2", input: Self.input).output)
    #expect(all.allSatisfy { $0["scores"]?.keys == ["entailment", "neutral", "contradiction"] })
    for (full, short) in zip(all, best) {
      let scores = try #require(full["scores"]?.object)
      let order = scores.keys.sorted { (scores[$0]?.double ?? 0) > (scores[$1]?.double ?? 0) }
      #expect(short["scores"]?.keys == Array(order.prefix(2)))
      #expect(short["label"]?.string == order[0] && full["label"] == short["label"])
    }
    #expect(taper("run", plan, "--top-k", "0", input: Self.input).exitCode == 64)
  }

  /// Also through long inputs and a pruned plan: the number of workers is no part of the answer.
  @Test(arguments: ["tiny-bert-old-names", "tiny-mpnet"])
  func isBitIdenticalForAnyThreads(model: String) throws {
    let calibration = try taper.calibration(model)
    let plan = try taper.plan(
      "--flops-speedup", "1.5x", "--threads", "4", model: model, calibration: calibration)
    let input = String(decoding: TestFile.bytes(taper.texts()), as: UTF8.self)
    let one = taper("run", plan, "--threads", "1", input: input)
    let two = taper("run", plan, "--threads", "2", input: input)
    #expect(one.exitCode == 0 && two.exitCode == 0, "\(one.errors)\(two.errors)")
    #expect(one.output == two.output && one.output.split(separator: "\n").count == 24)
    #expect(taper("run", plan, "--threads", "5", input: input).exitCode == 64, "planned for 4")
  }

  @Test func explains() throws {
    let plan = try taper.plan("--flops-speedup", "1.5x", calibration: try taper.calibration())
    let tree = taper("explain", plan)
    #expect(tree.exitCode == 0 && tree.errors == "")
    let text = taper("explain", plan, "--text")
    #expect(text.exitCode == 0 && text.output.count > tree.output.count)
    #expect(text.output != tree.output)
    #expect(taper("explain", plan, "--text", "--json").exitCode == 64)
  }

  /// specs/command-json.md
  @Test func explainsAsJSON() throws {
    let plan = try taper.plan("--flops-speedup", "1.5x", calibration: try taper.calibration())
    let tree = try taper.json("explain", plan)
    #expect(
      tree.keys == [
        "schema_version", "model", "family", "device", "method", "precision", "threads", "request", "passes",
        "shape", "restores_dropped_tokens", "selectors", "expected", "halting", "accuracy", "lengths",
        "detail_tokens", "sections", "limits", "arena", "weights",
      ])
    #expect(tree["halting"] == .null)
    #expect(tree["schema_version"] == 1 && tree["method"] == "acc" && tree["detail_tokens"] == 24)
    let longest = try #require(tree["lengths"]?.array?.last)
    let prediction = try #require(longest["prediction"])
    #expect(longest["tokens"] == 24 && longest["keep_counts"]?.array?.count == 2)
    let times = ["low_ns", "predicted_ns", "high_ns"].compactMap { prediction[$0]?.int }
    #expect(times.count == 3 && times == times.sorted(), "integers, low to high")
    #expect((longest["dense_ns"]?.int ?? 0) > 0)
    #expect(tree["limits"] == .null)
    let onDevice = try taper.json("explain", plan, "--device", TaperProgram.referenceDevice)
    let memory = try #require(onDevice["limits"]?["memory"]?.array)
    #expect(memory.map { $0["tokens"] } == tree["lengths"]?.array?.map { $0["tokens"] })
    #expect(memory.allSatisfy { (0...1).contains($0["share"]?.double ?? -1) })

    let sections = try #require(tree["sections"]?.array)
    #expect(sections.map { $0["layer"] } == [0, 1, 2, 3])
    #expect(sections.first?["tokens_in"] == 24 && sections.last?["tokens_out"] == longest["keep_counts"]?[1])
    for section in sections {
      let ops = try #require(section["ops"]?.array)
      #expect(!ops.isEmpty)
      let sum = ops.compactMap { $0["prediction"]?["predicted_ns"]?.int }.reduce(0, +)
      #expect(section["predicted_ns"]?.int == sum, "a section's time is its ops'")
      #expect(ops.allSatisfy { ["compute", "bandwidth", "overhead"].contains($0["prediction"]?["bound"]) })
    }
    let slots = try #require(tree["arena"]?["slots"]?.array)
    let arena = try #require(tree["arena"]?["bytes"]?.int)
    #expect(slots.allSatisfy { ($0["offset"]?.int ?? .max) + ($0["bytes"]?.int ?? 0) <= arena })
    #expect(slots.contains { $0["last_op"] == .null }, "the result lives to the end")
  }

  @Test func verifiesDigestsAndCanaries() throws {
    let plan = try taper.plan("--flops-speedup", "1.5x", calibration: try taper.calibration())
    let good = taper("verify", plan)
    #expect(good.exitCode == 0 && good.errors == "")
    #expect(
      good.output.split(separator: "\n").filter { $0.hasPrefix("canary") && $0.hasSuffix(" ok") }.count == 4)

    let findings = try taper.json("verify", plan)
    #expect(findings.keys == ["schema_version", "accuracy", "weights_bytes", "canaries", "failed"])
    #expect(
      findings["accuracy"]?["metric"] == "agreement" && findings["accuracy"]?["source"] == "calibration")
    #expect(findings["failed"] == 0)
    #expect(findings["canaries"]?.array?.allSatisfy { $0["passes"] == true } == true)

    var bytes = TestFile.bytes(plan)
    // The weights are the file's last section.
    bytes[bytes.count - 5000] ^= 0x10
    let bad = taper("verify", taper.folder.write("flipped.plan", bytes))
    #expect(bad.exitCode == 65, "\(bad.errors)")
  }

  @Test(arguments: ["run", "explain", "verify", "inspect", "bench"])
  func cutOrMissingPlans(verb: String) throws {
    let bytes = TestFile.bytes(try taper.plan("--dense"))
    for count in [0, 10, 95, 3000, bytes.count - 1] {
      let run = taper(verb, taper.folder.write("cut.plan", Array(bytes[..<count])))
      run.expectRefused(65, naming: "cut.plan")
    }
    taper(verb, taper.path("missing.plan")).expectRefused(64, naming: "missing.plan")
  }

  @Test func weightsInAFileOfTheirOwn() throws {
    let plan = try taper.plan("--dense", "--share-weights")
    let weights = TemporaryDirectory.entries(taper.folder.path).filter { $0.hasSuffix(".weights") }
    #expect(weights.count == 1)
    #expect(taper("verify", plan).exitCode == 0)
    taper.folder.remove(weights[0])
    #expect(taper("verify", plan).exitCode == 65)
    #expect(taper("explain", plan).exitCode == 0, "explaining needs no weights")
  }
}
