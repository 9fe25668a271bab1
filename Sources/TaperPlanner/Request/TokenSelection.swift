/// How a plan of method `selector` uses π. Raw values are the command line's words.
public enum TokenSelection: String, CaseIterable, Hashable, Sendable {
  /// As trained: the tokens with π ≥ threshold, at most as many as the schedule has, of those the largest.
  case dynamic
  /// As many tokens as the schedule has, those of largest π: every text of a length takes the same time.
  case `static`
}
