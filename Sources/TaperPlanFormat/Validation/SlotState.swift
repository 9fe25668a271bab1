/// What is known of a slot's contents at one point of a run.
struct SlotState: BitwiseCopyable {
  /// The smallest range that contains all elements written; empty when begin ≥ end.
  var begin: Int
  var end: Int
  /// Of a slot of row numbers: all are below this.
  var bound: Int

  static let unwritten = SlotState(begin: .max, end: 0, bound: 0)
}
