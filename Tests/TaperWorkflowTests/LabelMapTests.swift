import TaperCalibration
import TaperWorkflow
import Testing

@Suite struct LabelMapTests {
  private static let names = ["entailment", "neutral", "contradiction"]

  private func rows(_ labels: [String?]) -> [TextRow] {
    labels.map { TextRow(line: 1, text: "", label: $0.map(RowLabel.init)) }
  }

  @Test func namesAndNumbers() throws {
    for labels in [["neutral", "entailment", nil], ["1", "0", nil]] {
      let map = try LabelMap(Self.names, rows: rows(labels))
      #expect(rows(labels).map { map[$0.label] } == [1, 0, nil])
      #expect(
        try LabelMap.naming(rows(labels), by: Self.names).map { $0.label?.text } == [
          "neutral", "entailment", nil,
        ])
    }
  }

  /// A model whose labels are numbers out of order is asked by name.
  @Test func namesComeFirst() throws {
    #expect(try LabelMap(["2", "1", "0"], rows: rows(["0", "2"]))[RowLabel("0")] == 2)
  }

  @Test(arguments: [["yes", "no"], ["3", "0"], ["-1", "0"], ["neutral", "0"], ["Neutral"]])
  func othersAreRefusedWithBothSides(labels: [String]) {
    #expect(throws: WorkflowError.labelsDiffer(model: Self.names, data: labels.sorted())) {
      try LabelMap(Self.names, rows: rows(labels))
    }
  }

  @Test func aHeadIsFittedToEveryLabel() throws {
    #expect(throws: WorkflowError.labelsWithoutText(["contradiction"])) {
      try LabelMap(Self.names, rows: rows(["0", "1"]), isWhole: true)
    }
    #expect(throws: WorkflowError.labelsDiffer(model: Self.names, data: ["0", "4"])) {
      try LabelMap(Self.names, rows: rows(["0", "4"]), isWhole: true)
    }
    #expect(try LabelMap(Self.names, rows: rows(["0", "1", "2"]), isWhole: true)[RowLabel("2")] == 2)
    #expect(try LabelMap.naming(rows(["anything"]), by: []).map { $0.label?.text } == ["anything"])
  }

  /// So that the answers of a refitted head keep the model's order.
  @Test func targetsKeepTheModelsOrder() throws {
    func targets(_ labels: [String], like known: [String]) throws -> [String] {
      try HeadTargets(
        of: labels.map { TokenizedSample(ids: [], typeIDs: [], label: RowLabel($0)) }, like: known
      ).labels
    }
    #expect(try targets(["a", "b", "a"], like: ["b", "a"]) == ["b", "a"])
    #expect(try targets(["b", "a"], like: ["c", "b", "a"]) == ["a", "b"])
  }
}
