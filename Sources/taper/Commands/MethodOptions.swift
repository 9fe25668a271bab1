import ArgumentParser
import TaperPlanFormat
import TaperPlanner
import TaperWorkflow

/// How methods go about it, as `taper plan` and `taper sweep` are told alike.
struct MethodOptions: ParsableArguments {
  @Option(
    help: """
      Methods with selectors: tokens by threshold, up to the keep counts (dynamic, the default), or always as many as \
      those.
      """)
  var selection: TokenSelection?
  @Option(help: "Methods that halt, and search: when a halting point ends a run (default: tight).")
  var haltingRule: HaltingRule?
  @Option(help: "Method search: keep trials in this file (JSON lines), to go on where a search stopped.")
  var searchCache: String?
  @Option(Minutes.self, help: "Method search: try no further candidate of a plan after so many minutes.")
  var searchMinutes: Double?

  func method(_ name: CompileMethod.Name, decay: Double? = nil) -> CompileMethod {
    CompileMethod(name, selection: selection ?? .dynamic, rule: haltingRule ?? .tight, decay: decay)
  }

  /// Refuses options that none of the methods reads: they would change nothing.
  /// - Parameter keepsAll: whether every token is kept whatever the method, as the target has it.
  func check(
    _ methods: [CompileMethod.Name], readOut: CompileOptions.ReadOut, keepsAll: Bool = false
  ) throws {
    let found = methods.map(\.rawValue).joined(separator: ", ")
    func require(_ reads: (CompileMethod.Name) -> Bool, _ option: String, _ expected: String) throws {
      guard !methods.contains(where: reads) else { return }
      throw CommandError.usage(
        "\(option): expected \(expected); found \(found); leave it out or choose another --method")
    }
    if searchCache != nil || searchMinutes != nil {
      try require({ $0 == .search }, "--search-cache, --search-minutes", "method search")
    }
    if selection != nil { try require(\.selects, "--selection", "a method with selectors") }
    if haltingRule != nil {
      try require({ $0.halts || $0 == .search }, "--halting-rule", "a method that halts, or search")
    }
    if readOut != .auto {
      guard !keepsAll else {
        throw CommandError.usage(
          "--read-out: expected a target that drops tokens; found --dense; leave it out or choose another target"
        )
      }
      try require(\.mayDropTokens, "--read-out", "a method that drops tokens, or search")
    }
  }

  /// How method `search` goes about one plan, its time starting now.
  /// - Parameter digests: of everything that was read.
  func search(_ digests: [String]) -> PlanCompiler.SearchOptions {
    let end = searchMinutes.map { ContinuousClock.now + .seconds($0 * 60) }
    return PlanCompiler.SearchOptions(
      cachePath: searchCache, question: digests.joined(separator: "\n"),
      isOver: { end.map { ContinuousClock.now >= $0 } ?? false })
  }
}
