public import TaperCalibration

/// A data set's labels in the terms of a model's: the names of its id2label, or their numbers, as many data sets have
/// them.
public struct LabelMap {
  private let places: [String: Int]

  /// - Parameters:
  ///   - names: the model's labels in output order; empty for a model without.
  ///   - rows: with the data set's labels; none of them is a label of its own.
  ///   - isWhole: whether every label of the model must be in the data, as for fitting its head anew.
  /// - Throws: `labelsDiffer` when a label of the data is none of the model's; `labelsWithoutText`.
  public init(_ names: [String], rows: [TextRow], isWhole: Bool = false) throws(WorkflowError) {
    let found = Set(rows.lazy.compactMap { $0.label?.text })
    let byName = Dictionary(names.enumerated().map { ($1, $0) }) { first, _ in first }
    let byNumber = Dictionary(names.indices.map { ("\($0)", $0) }) { first, _ in first }
    let places = found.allSatisfy { byName[$0] != nil } ? byName : byNumber
    guard found.allSatisfy({ places[$0] != nil }) else {
      throw .labelsDiffer(model: names, data: found.sorted())
    }
    let present = Set(found.compactMap { places[$0] })
    let missing = names.indices.filter { !present.contains($0) }.map { names[$0] }
    guard !isWhole || missing.isEmpty else { throw .labelsWithoutText(missing) }
    self.places = places
  }

  /// The place of a row's label in output order; nil without one.
  public subscript(_ label: RowLabel?) -> Int? { label.flatMap { places[$0.text] } }

  /// The rows with the model's names for their labels; unchanged for a model without labels.
  public static func naming(
    _ rows: [TextRow], by names: [String], isWhole: Bool = false
  ) throws(WorkflowError) -> [TextRow] {
    guard !names.isEmpty else { return rows }
    let map = try LabelMap(names, rows: rows, isWhole: isWhole)
    return rows.map { row in
      var row = row
      row.label = map[row.label].map { RowLabel(names[$0]) }
      return row
    }
  }
}
