/// The planner passes that are on.
public struct PassSet: Hashable, Sendable {
  private var disabled: Set<PlannerPass>

  public static let all = PassSet(disabling: [])
  public static let none = PassSet(disabling: PlannerPass.allCases)

  public init(disabling passes: some Sequence<PlannerPass>) { disabled = Set(passes) }

  /// All passes but those named. Throws for a name that is no pass.
  public init(disablingNames names: some Sequence<String>) throws(PlanningError) {
    var disabled: Set<PlannerPass> = []
    for name in names {
      guard let pass = PlannerPass(rawValue: name) else { throw PlanningError.unknownPass(name: name) }
      disabled.insert(pass)
    }
    self.disabled = disabled
  }

  public func contains(_ pass: PlannerPass) -> Bool { !disabled.contains(pass) }
  public mutating func disable(_ pass: PlannerPass) { disabled.insert(pass) }

  /// Names of the passes that are on, in the order they run.
  public var names: [String] { PlannerPass.allCases.filter(contains).map(\.name) }
}
