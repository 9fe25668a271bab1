import ArgumentParser
import TaperPlanFormat
import TaperPlanRuntime

/// How a plan that is going to run is loaded.
struct LoadOptions: ParsableArguments {
  @Flag(
    help:
      "Exit 4 when this CPU lacks the tier that the plan's times were predicted with, instead of a warning.")
  var strict = false
  @Flag(help: "Read all weights into memory before the first run.") var prefault = false
  @Flag(help: "Read all weights and keep them in memory (mlock).") var lock = false

  /// The plan with its weights; a tier it misses is said on standard error, or refused.
  func load(_ path: String) throws -> LoadedPlan {
    try InputKind.plan.require(path)
    let loaded = try LoadedPlan(path: path, residency: lock ? .lock : prefault ? .prefault : [])
    if let missing = loaded.missingTier {
      if strict { throw missing }
      Console.note("warning: \(missing)")
    }
    return loaded
  }
}
