/// The version that the tools print and plans are stamped with.
public enum TaperVersion {
  public static let current = "0.1.0"
}
