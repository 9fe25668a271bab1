import TaperJSON
import TaperPlanFormat
import TaperServing
import Testing

/// The lines of specs/command-json.md, character by character.
@Suite struct AnswerLineTests {
  func line(
    _ kind: HeadKind, _ result: [Float], labels: [String] = [], truncated: Bool = false, topK: Int? = nil,
    vocabulary: [String] = []
  ) -> String {
    AnswerLine.render(
      index: 3, tokens: 37, truncated: truncated, result: result.span,
      head: Head(
        kind: kind, pooling: .mean, normalized: false, labels: labels, outputWidth: result.count),
      topK: topK, vocabulary: vocabulary
    ).serialized()
  }

  /// Tokens with a weight, largest first; ids without a token, and those whose text another has, are told apart.
  @Test func sparseVectors() {
    let tokens = ["a", "b", "", "b", "c"]
    #expect(
      line(.sparse, [0, 0.5, 0.25, 1.5, 0.5], vocabulary: tokens)
        == #"{"index":3,"tokens":37,"sparse_embedding":{"b":1.5,"c":0.5,"id 2":0.25},"schema_version":1}"#)
    #expect(
      line(.sparse, [0, 0.5, 0.25, 1.5, 0.5], topK: 1, vocabulary: tokens)
        == #"{"index":3,"tokens":37,"sparse_embedding":{"b":1.5},"schema_version":1}"#)
  }

  @Test func classification() {
    #expect(
      line(.classification, [0.02, 0.98], labels: ["acq", "earn"])
        == #"{"index":3,"tokens":37,"label":"earn","scores":{"acq":0.02,"earn":0.98},"schema_version":1}"#)
  }

  @Test func topKPrintsTheLargestFirst() {
    #expect(
      line(.classification, [0.1, 0.6, 0.3], labels: ["a", "b", "c"], topK: 2)
        == #"{"index":3,"tokens":37,"label":"b","scores":{"b":0.6,"c":0.3},"schema_version":1}"#)
    #expect(
      line(.classification, [0.5, 0.5], labels: ["a", "b"], topK: 9)
        == #"{"index":3,"tokens":37,"label":"a","scores":{"a":0.5,"b":0.5},"schema_version":1}"#)
  }

  @Test func multiLabel() {
    #expect(
      line(.multiLabel, [0.5, 0.25, 0.75], labels: ["x", "y", "z"])
        == #"{"index":3,"tokens":37,"labels":["x","z"],"scores":{"x":0.5,"y":0.25,"z":0.75},"schema_version":1}"#
    )
  }

  @Test func embeddingAndRegression() {
    #expect(
      line(.embedding, [0.1, -2, 1e-8])
        == #"{"index":3,"tokens":37,"embedding":[0.1,-2.0,1e-08],"schema_version":1}"#)
    #expect(line(.regression, [0.31]) == #"{"index":3,"tokens":37,"value":0.31,"schema_version":1}"#)
    #expect(line(.regression, [0.5, 1]) == #"{"index":3,"tokens":37,"values":[0.5,1.0],"schema_version":1}"#)
  }

  @Test func truncationIsSaid() {
    #expect(
      line(.regression, [0.31], truncated: true)
        == #"{"index":3,"tokens":37,"value":0.31,"truncated":true,"schema_version":1}"#)
  }

  @Test func numbersJSONCannotHold() {
    #expect(
      line(.classification, [.nan, 0.5, -.infinity], labels: ["a", "b", "c"])
        == #"{"index":3,"tokens":37,"label":"b","scores":{"a":null,"b":0.5,"c":null},"schema_version":1}"#)
  }

  @Test func labelsOfTheSameNameShareAnEntry() {
    #expect(
      line(.classification, [0.25, 0.75], labels: ["a", "a"])
        == #"{"index":3,"tokens":37,"label":"a","scores":{"a":0.75},"schema_version":1}"#)
  }
}
