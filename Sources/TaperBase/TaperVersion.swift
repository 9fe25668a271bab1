/// The version that the tools print and that plans record.
public enum TaperVersion {
  public static let current = "0.1.0"
}
