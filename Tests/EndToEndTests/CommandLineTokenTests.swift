import TaperJSON
import TestSupport
import Testing

/// `taper` on a token classification: a label, a score and a place for every token of a text.
@Suite struct CommandLineTokenTests {
  let taper = TaperProgram()
  let model = TaperProgram.model("tiny-bert-tokens")

  @Test func labelsEveryTokenWithItsPlace() throws {
    let calibration = try taper.calibration("tiny-bert-tokens")
    let text = "The plan, for a token of 7!"
    for target in [["--dense"], ["--flops-speedup", "2x"]] {
      let path = taper.path("a.plan")
      let planned = ChildProcess.run(
        taper.program,
        [
          "plan", model, "--device", TaperProgram.referenceDevice, "--calibration", calibration, "--threads",
          "1",
          "--max-drop", "100%", "-o", path,
        ] + target)
      try #require(planned.exitCode == 0, "\(planned.errors)")
      let answer = try JSONValue.parse(Array(taper("run", path, "--plain", input: text + "\n").output.utf8))
      let count = try #require(answer["tokens"]?.int)
      let labels = answer["token_labels"]?.array ?? []
      #expect(labels.count == count - 2, "all but [CLS] and [SEP]")
      #expect(labels.compactMap { $0["token"]?.int } == Array(1..<count - 1))
      var words: [String] = []
      for label in labels {
        #expect(["O", "B-PER", "I-PER", "B-LOC", "I-LOC"].contains(label["label"]?.string ?? ""))
        let score = try #require(label["score"]?.double)
        #expect(score >= 0.2 && score <= 1, "the largest of five")
        let offsets = (label["offsets"]?.array ?? []).compactMap(\.int)
        try #require(offsets.count == 2 && offsets[0] < offsets[1] && offsets[1] <= text.count)
        words.append(String(Array(text)[offsets[0]..<offsets[1]]))
        #expect(label["text"] == nil)
      }
      #expect(words.joined() == text.filter { $0 != " " })
      let verified = taper("verify", path)
      #expect(verified.exitCode == 0, "\(verified.errors)")
      let pair = #"{"text":"a plan","text_pair":"the token"}"#
      let both = try JSONValue.parse(Array(taper("run", path, input: pair + "\n").output.utf8))
      let texts = (both["token_labels"]?.array ?? []).compactMap { $0["text"]?.int }
      #expect(texts.count == (both["tokens"]?.int ?? 0) - 3 && texts.contains(0) && texts.last == 1)
    }
  }

  @Test func agreementIsOfTokens() throws {
    let calibration = try taper.calibration("tiny-bert-tokens")
    let pruned = [
      "plan", model, "--device", TaperProgram.referenceDevice, "--calibration", calibration, "--json", "-o",
      taper.path("a.plan"),
    ]
    let run = ChildProcess.run(taper.program, pruned + ["--flops-speedup", "2.5x", "--max-drop", "100%"])
    try #require(run.exitCode == 0, "\(run.errors)")
    let planned = try JSONValue.parse(Array(run.output.utf8))["accuracy"]?["planned"]?.double ?? 2
    #expect(planned > 0 && planned < 1, "some labels change when tokens are dropped, not all: \(planned)")
    let dense = ChildProcess.run(taper.program, pruned + ["--dense", "--max-drop", "0%"])
    #expect(dense.exitCode == 0, "\(dense.errors)")
    let refit = ChildProcess.run(
      taper.program, pruned + ["--speedup", "1.1x", "--refit-head", taper.texts("more.jsonl")])
    refit.expectRefused(65, naming: "token classification")
  }
}
