/// What is known of a slot's contents in the middle of a run.
struct SlotState: BitwiseCopyable {
  /// The hull of the elements written, from the slot's start; empty when begin ≥ end.
  var begin: Int
  var end: Int
  /// Row-number slots: every number is below this.
  var bound: Int

  static let unwritten = SlotState(begin: .max, end: 0, bound: 0)
}
