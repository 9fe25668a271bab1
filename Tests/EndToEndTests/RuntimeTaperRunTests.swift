import TaperBase
import TaperJSON
import TaperModelSpec
import TaperPlanFormat
import TaperPlanRuntime
import TaperPlanner
import TaperServing
import TaperTokenization
import TestSupport
import Testing

/// The lean runner as a program: a plan file, lines in, lines out, exit codes.
@Suite struct RuntimeTaperRunTests {
  let folder = TemporaryDirectory()
  let program = ChildProcess.product("taper-run")

  /// A pruned plan with the fixture's tokenizer in it, and where its weights come from.
  func planned(
    _ name: String = "tiny-bert-classifier", maximumLength: Int = 12,
    without excluded: Set<KernelID> = [.gemmF32OpenBLAS]
  ) throws -> (plan: Plan, weights: PlanWriter.WeightSource) {
    let model = try RuntimePlannedTests.model(name)
    let schedule = RuntimeSchedules.make("half", maximumLength: maximumLength, restores: true)
    let request = PlanningRequest(
      .fixed(schedule), maximumLength: maximumLength, threads: 2, excludedKernels: excluded)
    let planned = try RuntimeCosts.plan(request, model)
    var plan = planned.plan
    plan.tokenizer = try Tokenizer(
      vocabulary: TestFile.bytes(model.directory + "/vocab.txt"), lowercase: true
    ).encoded()
    return (plan, planned.weightSource)
  }

  /// A plan file with a weights file beside it.
  func plan(
    _ name: String = "tiny-bert-classifier", maximumLength: Int = 12,
    without excluded: Set<KernelID> = [.gemmF32OpenBLAS]
  ) throws -> String {
    var (plan, source) = try planned(name, maximumLength: maximumLength, without: excluded)
    plan.weights = try PlanWriter.writeWeightsFile(plan.weights, inFolder: folder.path, weights: source).index
    plan.weights.isEmbedded = false
    try PlanWriter.write(plan, to: folder.path + "/a.plan")
    return folder.path + "/a.plan"
  }

  /// What the library answers to the same texts.
  func expected(_ path: String, _ inputs: [InputLine], topK: Int? = nil) throws -> String {
    var options = AnswerOptions()
    options.threads = 1
    options.topK = topK
    var runner = try TextRunner(LoadedPlan(path: path), options)
    var text = ""
    for (index, input) in inputs.enumerated() { text += try runner.answer(input, index: index) + "\n" }
    return text
  }

  /// `--check`, as `taper-run` and `taper run` know it.
  @Test func canariesAreCheckedBeforeTheFirstAnswer() throws {
    let (plan, source) = try planned()
    let ids: [UInt32] = [2, 5, 6, 3]
    var session = try Session(LoadedPlan(path: self.plan()), threads: 1)
    try session.run(ids: ids)
    let right = session.result
    func run(_ program: String, _ words: [String], _ canaries: [Canary]) throws -> ChildProcess {
      var changed = plan
      changed.canaries = canaries
      try PlanWriter.write(changed, to: folder.path + "/check.plan", weights: source)
      return ChildProcess.run(
        program, words + [folder.path + "/check.plan", "--check"], input: "\"a text\"\n")
    }
    let good = Canary(ids: ids, typeIDs: [], expected: right, tolerance: 0.001)
    var wrong = good
    wrong.expected[0] += 0.5
    for (program, words) in [(program, []), (ChildProcess.product("taper"), ["run"])] {
      let passes = try run(program, words, [good])
      #expect(passes.exitCode == 0 && passes.output.hasPrefix("{\"index\":0"), "\(passes.errors)")
      let fails = try run(program, words, [good, wrong])
      fails.expectRefused(1, naming: "1 of 2", "0.5")
      try run(program, words, []).expectRefused(65, naming: "canary")
    }
  }

  @Test(arguments: RuntimePlannedTests.models) func answersLineByLine(name: String) throws {
    let path = try plan(name)
    // An embedder takes one text.
    let isVector = [.embedding, .sparse, .tokenVectors].contains(try LoadedPlan(path: path).plan.head.kind)
    let pair = isVector ? nil : "two"
    let input = """
      "a text"
      {"text": "one"\(pair.map { ", \"text_pair\": \"\($0)\"" } ?? ""), "label": "x"}

      {"text": "\(String(repeating: "long text ", count: 40))"}
      """
    let inputs = [
      InputLine(text: "a text"), InputLine(text: "one", pair: pair),
      InputLine(text: String(repeating: "long text ", count: 40)),
    ]
    let run = ChildProcess.run(program, [path], input: input)
    #expect(run.exitCode == 0 && run.errors == "")
    #expect(run.output == (try expected(path, inputs)))
    let answers = try JSONValue.lines(run.output)
    #expect(answers.last?["tokens"] == 12 && answers.last?["truncated"] == true)
    #expect(answers.first?["truncated"] == nil)
  }

  @Test func openBLASIsNotHere() throws {
    // This process links it, taper-run does not. Packed products need none, and sum the same bits with and without.
    let mixed = try plan(without: [])
    #expect(try LoadedPlan(path: mixed).plan.selections.contains { $0.kernel == .gemmF32OpenBLAS })
    let refused = ChildProcess.run(program, [mixed], input: "\"a text\"")
    refused.expectRefused(4, naming: "gemm_f32_openblas", "--with-openblas")
    let packed = try plan(without: [.gemmF32OpenBLAS, .gemmF32Scalar])
    #expect(try LoadedPlan(path: packed).plan.selections.contains { $0.kernel == .gemmF32Panel })
    let answered = ChildProcess.run(program, [packed], input: "\"a text\"")
    #expect(answered.output == (try expected(packed, [InputLine(text: "a text")])))
  }

  @Test func plainLinesFromAFile() throws {
    let path = try plan()
    let file = folder.write("texts", "first\r\n\n{\"text\":1}")
    let run = ChildProcess.run(program, ["--plain", "--input", file, "--top-k=1", path, "--threads", "2"])
    let inputs = ["first", "", "{\"text\":1}"].map { InputLine(text: $0) }
    #expect(run.exitCode == 0 && run.errors == "")
    #expect(run.output == (try expected(path, inputs, topK: 1)))
  }

  @Test func aBadLineEndsTheRunAfterTheGoodOnes() throws {
    let path = try plan()
    let run = ChildProcess.run(program, [path], input: "\"good\"\nbad\n\"never\"\n")
    #expect(run.exitCode == 65)
    #expect(run.output == (try expected(path, [InputLine(text: "good")])))
    #expect(run.errors.hasPrefix("taper-run: line 2: "))
  }

  /// The other lines are answered, each bad one has an error in its place, and the exit code says so.
  @Test func badLinesAreReportedInTheirPlaces() throws {
    let path = try plan()
    let input = "\"good\"\nbad\n\n{\"text\": 1}\n\"also\"\n"
    for (program, words) in [(program, []), (ChildProcess.product("taper"), ["run"])] {
      let run = ChildProcess.run(program, words + [path, "--on-error", "report"], input: input)
      #expect(run.exitCode == 1 && run.errors.contains("2 of 4"), "\(run.errors)")
      let lines = try JSONValue.lines(run.output)
      #expect(lines.map { $0["index"]?.int } == [0, 1, 2, 3])
      #expect(lines.map { $0["line"]?.int } == [nil, 2, 4, nil])
      #expect(lines.map { $0["error"] != nil } == [false, true, true, false])
      #expect(try lines[0] == JSONValue.lines(expected(path, [InputLine(text: "good")]))[0])
    }
    ChildProcess.run(program, [path, "--on-error", "go"], input: "").expectRefused(
      64, naming: "one of stop, report")
  }

  /// NaN and infinity are no answer: least of all a label.
  @Test(arguments: [Precision.f32, .bf16, .int8]) func anAnswerThatIsNoNumberIsAnError(precision: Precision)
    throws
  {
    let model = try RuntimePlannedTests.model("tiny-bert-classifier")
    let request = PlanningRequest(
      .dense, maximumLength: 12, threads: 1, precision: PrecisionAssignment(precision),
      excludedKernels: [.gemmF32OpenBLAS])
    let planned = try RuntimeCosts.plan(request, model)
    var plan = planned.plan
    plan.tokenizer = try Tokenizer(
      vocabulary: TestFile.bytes(model.directory + "/vocab.txt"), lowercase: true
    ).encoded()
    let id = try #require(
      try Tokenizer(encoded: plan.tokenizer).encode("a", maximumLength: 3).ids.dropFirst().first)
    // The row of "a" in the word embeddings, as a damaged file may have it.
    let table = try #require(plan.weights.entries.firstIndex { $0.name.contains("word") })
    let path = folder.path + "/damaged.plan"
    try PlanWriter.write(plan, to: path) { (entry, consumer) throws(PlanFormatError) in
      guard entry == table else { return try planned.weightSource(entry, &consumer) }
      var values = [Float](repeating: 0.25, count: Int(plan.weights.entries[table].byteCount.rawValue) / 4)
      for column in 0..<2 { values[Int(id) * Int(plan.model.hidden) + column] = 3e38 }
      let bytes = values.flatMap { value in
        (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
      }
      try Self.append(bytes, to: &consumer)
    }
    let run = ChildProcess.run(program, [path, "--on-error", "report"], input: "\"b\"\n\"a\"\n\"b a b\"\n")
    let lines = try JSONValue.lines(run.output)
    #expect(lines.map { $0["label"] != nil } == [true, false, false], "\(run.output)")
    #expect(lines.map { $0["error"] != nil } == [false, true, true] && run.exitCode == 1)
  }

  private static func append(_ bytes: [UInt8], to consumer: inout WeightConsumer) throws(PlanFormatError) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 4)
    defer { unsafe buffer.deallocate() }
    unsafe buffer.copyBytes(from: bytes)
    try unsafe consumer.append(UnsafeRawBufferPointer(buffer))
  }

  /// A prompt goes before every text, the default one unless another is asked for.
  @Test func promptsGoBeforeTheTexts() throws {
    var (plan, source) = try planned()
    plan.prompts = Prompts(
      [.init(name: "query", text: "one "), .init(name: "passage", text: "two ")], defaultName: "query")
    let path = folder.path + "/prompted.plan"
    try PlanWriter.write(plan, to: path, weights: source)
    plan.prompts = Prompts()
    let bare = folder.path + "/bare.plan"
    try PlanWriter.write(plan, to: bare, weights: source)
    func scores(_ program: String, _ words: [String], _ text: String) throws -> [JSONValue?] {
      try JSONValue.lines(ChildProcess.run(program, words, input: "\"\(text)\"\n").output).map {
        $0["scores"]
      }
    }
    for (program, words) in [(program, []), (ChildProcess.product("taper"), ["run"])] {
      let expected = try ["one text", "two text", "text"].map { try scores(program, words + [bare], $0) }
      #expect(try scores(program, words + [path], "text") == expected[0])
      #expect(try scores(program, words + [path, "--prompt", "passage"], "text") == expected[1])
      #expect(try scores(program, words + [path, "--no-prompt"], "text") == expected[2])
      ChildProcess.run(program, words + [path, "--prompt", "x"], input: "").expectRefused(
        64, naming: "query, passage")
    }
  }

  @Test func specialTokensMustFit() throws {
    let path = try plan(maximumLength: 2)
    let run = ChildProcess.run(program, [path], input: "\"fits\"\n{\"text\":\"a\",\"text_pair\":\"b\"}\n")
    #expect(run.exitCode == 65)
    #expect(run.output == (try expected(path, [InputLine(text: "fits")])))
    #expect(run.errors.contains("line 2") && run.errors.contains("3 special tokens"), "\(run.errors)")
  }

  @Test func everyTierAnswersAlike() throws {
    let path = try plan()
    let labels = try ["scalar", "avx2", "avx512", "neon"].map { tier in
      let run = ChildProcess.run(
        program, [path, "--top-k", "1"], input: "\"some words\"", environment: ["TAPER_MAX_TIER": tier])
      #expect(run.exitCode == 0, "\(run.errors)")
      return try run.json()["label"]?.string
    }
    #expect(labels[0]?.isEmpty == false)
    #expect(labels.allSatisfy { $0 == labels[0] }, "the same label in every tier")
  }

  @Test func usage() throws {
    #expect(ChildProcess.run(program, ["--help"]).exitCode == 0)
    #expect(ChildProcess.run(program, ["--version"]).output == "taper-run \(TaperVersion.current)\n")
    for arguments in [
      [], ["a", "b"], ["--threads", "x", "a"], ["--threads"], ["--unknown", "a"], ["--top-k", "0", "a"],
      ["--plain=yes", "a"], [folder.path + "/missing.plan"], [folder.path], ["--input", "/none", "a"],
    ] {
      let run = ChildProcess.run(program, arguments)
      #expect(run.exitCode == 64, "\(arguments): \(run.errors)")
      #expect(run.errors.hasPrefix("taper-run: ") && run.output == "")
    }
    let path = try plan()
    #expect(ChildProcess.run(program, ["--threads", "3", path]).exitCode == 64, "planned for 2")
  }

  @Test func plansThatDoNotFitOrAreDamaged() throws {
    let path = try plan()
    var bytes = TestFile.bytes(path)
    bytes[bytes.count / 2] ^= 1
    #expect(ChildProcess.run(program, [folder.write("bad.plan", bytes)]).exitCode == 65)

    let elsewhere = TemporaryDirectory()
    let alone = ChildProcess.run(program, [elsewhere.write("a.plan", TestFile.bytes(path))])
    alone.expectRefused(65, naming: ".weights")

    var future = try planned().plan
    future.weights.isEmbedded = false
    future.selections[3].kernel = KernelID(rawValue: 60_000)
    let encoded = unsafe try PlanCodec.encode(future)
    let newer = ChildProcess.run(program, [folder.write("future.plan", encoded)])
    newer.expectRefused(4, naming: "60000")
  }
}
