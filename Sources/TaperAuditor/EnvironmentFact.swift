/// One thing known about the machine and the build, for example ("CPU", "Xeon 8480C").
public struct EnvironmentFact: Hashable, Sendable {
  public var name: String
  public var value: String
  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}
