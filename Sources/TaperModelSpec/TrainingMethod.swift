/// What a command of tools/tune trained.
public enum TrainingMethod: String, CaseIterable, Hashable, Sendable {
  case dense, head, depth, acc, selector, halting
}
