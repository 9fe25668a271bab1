package import TaperPlanFormat

/// A virtual slot: a buffer without a place yet.
package struct GraphSlot: Hashable, Sendable {
  package var name: String
  package var element: ElementType
  package var copies: Int
  package var rows: RowCount
  package var innerRows: RowCount
  package var columns: Int
  /// Alive to the end of the run and never overwritten: the result, or instrumentation.
  package var outlivesRun: Bool

  /// Whether `other` holds the same elements in the same shape, so that one can take the other's place.
  package func hasShape(of other: GraphSlot) -> Bool {
    element == other.element && copies == other.copies && rows == other.rows && innerRows == other.innerRows
      && columns == other.columns
  }
}
