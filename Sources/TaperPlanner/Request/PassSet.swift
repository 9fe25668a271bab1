/// The planner passes that are on.
public struct PassSet: Hashable, Sendable {
  private var disabled: Set<PlannerPass>

  public static let all = PassSet(disabling: [])
  public static let none = PassSet(disabling: PlannerPass.allCases)

  public init(disabling passes: some Sequence<PlannerPass>) { disabled = Set(passes) }
  public func contains(_ pass: PlannerPass) -> Bool { !disabled.contains(pass) }
  public mutating func disable(_ pass: PlannerPass) { disabled.insert(pass) }

  /// Names of the passes that are on, in the order they run.
  public var names: [String] { PlannerPass.allCases.filter(contains).map(\.name) }
}
