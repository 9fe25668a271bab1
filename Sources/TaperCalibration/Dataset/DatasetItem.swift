/// What a reader finds next.
public enum DatasetItem: Hashable, Sendable {
  case row(TextRow)
  case bad(BadRow)
}
