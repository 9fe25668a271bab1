import TaperAuditor
import TaperPlanFormat
import TaperWorkflow
import Testing

/// What an accuracy gate and the choice of precisions are told of a plan's answers.
@Suite struct AccuracyComparisonTests {
  private func head(_ kind: HeadKind, width: Int) -> Head {
    let labels = kind == .embedding || kind == .regression ? [] : (0..<width).map { "label \($0)" }
    return Head(kind: kind, pooling: .mean, normalized: false, labels: labels, outputWidth: width)
  }

  private func samples(_ references: [[Float]], labels: [Int?] = []) -> [AuditSample] {
    references.enumerated().map { index, reference in
      AuditSample(
        index: index + 1, ids: [1], reference: reference, label: labels.isEmpty ? nil : labels[index])
    }
  }

  /// Ratings are all above zero, so that any two of them point the same way.
  @Test func ratingsThatNoLongerFollowTheDenseModelsDoNotAgree() throws {
    let dense: [[Float]] = [[1], [2], [3], [4], [5]]
    let shuffled: [[Float]] = [[3], [5], [1], [4], [2]]
    let found = try #require(
      AccuracyComparison(shuffled, to: samples(dense), head: head(.regression, width: 1)))
    #expect(found.metric == .agreement && found.dense == 1 && found.count == 5)
    #expect(abs(found.planned + 0.3) < 1e-12, "Pearson's correlation")
    #expect(found.interval == .correlation(found.planned, count: 5))
    let damage = PrecisionSearch.Damage(shuffled, to: samples(dense), head: head(.regression, width: 1))
    #expect(abs(damage.lost - 1.3) < 1e-12 && damage.error > 0)
    let none = PrecisionSearch.Damage(dense, to: samples(dense), head: head(.regression, width: 1))
    #expect(none == PrecisionSearch.Damage(lost: 0, error: 0))
  }

  @Test func independentLabelsAreOneAnswer() throws {
    let head = head(.multiLabel, width: 3)
    let dense: [[Float]] = [[0.9, 0.6, 0], [0.9, 0, 0], [0.1, 0.2, 0.3], [0, 0, 0.7]]
    // The first loses a label, though not its most likely one; the third has none as before, though ranked otherwise.
    let planned: [[Float]] = [[0.9, 0.4, 0], [0.8, 0.1, 0], [0.3, 0.2, 0.1], [0.6, 0, 0.7]]
    let found = try #require(AccuracyComparison(planned, to: samples(dense), head: head))
    #expect(found.planned == 0.5 && found.interval == .proportion(2, of: 4) && found.flipCount == 2)
    #expect(found.flips.map(\.index) == [1, 4])
    #expect(found.flips.map(\.dense) == ["label 0, label 1", "label 2"])
    #expect(found.flips.map(\.planned) == ["label 0", "label 0, label 2"])
    #expect(PrecisionSearch.Damage(planned, to: samples(dense), head: head).lost == 0.5)
    // Right is the right label alone.
    let labelled = try #require(
      AccuracyComparison(planned, to: samples(dense, labels: [0, 0, 0, 2]), head: head))
    #expect(labelled.metric == .accuracy && labelled.planned == 0.5 && labelled.dense == 0.5)
    #expect(labelled.flips.map(\.expected) == ["label 0", "label 2"])
  }

  @Test func labelsCountWhereEveryTextHasOne() throws {
    let head = head(.classification, width: 2)
    let (dense, planned): ([[Float]], [[Float]]) = ([[1, 0], [1, 0]], [[1, 0], [0, 1]])
    let partly = try #require(AccuracyComparison(planned, to: samples(dense, labels: [1, nil]), head: head))
    #expect(partly.metric == .agreement && partly.planned == 0.5 && partly.dense == 1)
    let all = try #require(AccuracyComparison(planned, to: samples(dense, labels: [1, 1]), head: head))
    #expect(all.metric == .accuracy && all.planned == 0.5 && all.dense == 0 && all.drop == 0)
    let flip = try #require(all.flips.first)
    #expect(all.flipCount == 1 && flip.index == 2 && flip.expected == "label 1")
    #expect(flip.dense == "label 0" && flip.planned == "label 1")
    #expect(AccuracyComparison([], to: [], head: head) == nil)
  }
}
