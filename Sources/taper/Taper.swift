import ArgumentParser
import TaperBase
import TaperServing

/// The command line: git-style verbs, results on standard output, progress and diagnostics on standard error.
@main
struct Taper: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "taper",
    abstract: "Compiles text encoders into plans that meet a latency target on a named machine.",
    discussion: """
      The way through: profile the machine, calibrate the model on texts, plan for a target, run and audit the plan.

      Exit codes: 0 ok, 1 findings (audit out of tolerance, canaries or documents that differ, a profile that \
      drifted), 2 target or memory limit infeasible, 3 accuracy gate or floor failed, 4 plan does not fit this device, \
      or the profile is of another machine, 64 usage, 65 bad or corrupt data, 69 too noisy to judge, 70 our bug.
      """,
    version: TaperVersion.current,
    subcommands: [
      InspectCommand.self, ImportCommand.self, ProfileCommand.self, DoctorCommand.self, CalibrateCommand.self,
      FitHeadCommand.self, PlanCommand.self,
      SweepCommand.self,
      ExplainCommand.self, RunCommand.self, BenchCommand.self, RaceCommand.self, AuditCommand.self,
      VerifyCommand.self, DiffCommand.self, TokenizeCommand.self, KernelsCommand.self,
    ])
}
