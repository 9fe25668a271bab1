package import TaperPlanFormat

/// A virtual slot: a buffer that has no place yet.
package struct GraphSlot: Hashable, Sendable {
  package var name: String
  package var element: ElementType
  package var copies: Int
  package var rows: RowCount
  package var innerRows: RowCount
  package var columns: Int
  /// Whether it is alive at the end of the run and never overwritten, like the result and instrumentation.
  package var outlivesRun: Bool

  /// Whether `other` holds as many elements in the same shape, so that one can replace the other.
  package func hasShape(of other: GraphSlot) -> Bool {
    element == other.element && copies == other.copies && rows == other.rows && innerRows == other.innerRows
      && columns == other.columns
  }
}
