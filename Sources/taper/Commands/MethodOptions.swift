import TaperPlanFormat
import TaperPlanner

/// Options that only some methods read are refused where none of those is asked for: they would change nothing.
enum MethodOptions {
  /// - Parameter searches: whether anything is said of how to search.
  static func check(
    _ methods: [PlanningMethod], selection: TokenSelection, haltingRule: HaltingRule, searches: Bool
  ) throws {
    func require(_ reads: (PlanningMethod) -> Bool, _ option: String, _ expected: String) throws {
      guard !methods.contains(where: reads) else { return }
      let found = methods.map(\.rawValue).joined(separator: ", ")
      throw CommandError.usage("\(option): expected \(expected); found \(found)")
    }
    if searches { try require({ $0 == .search }, "--search-cache, --search-minutes", "method search") }
    if selection != .dynamic { try require(\.selects, "--selection", "a method with selectors") }
    if haltingRule != .tight {
      try require({ $0.halts || $0 == .search }, "--halting-rule", "a method that halts, or search")
    }
  }
}
