import Glibc
import TaperBase
import TaperCalibration
import TaperDeviceProfile
import TaperModelSpec
import TaperPlanFormat
import TaperPlanRuntime
import TaperProfiler
import TaperWorkflow

/// What several commands read in the same way.
enum Inputs {
  /// A model directory, or a graph.
  /// - Parameter keepsFiles: whether files are copied from the model's directory later.
  static func model(_ path: String, keepsFiles: Bool = false) throws -> ModelSpec {
    if ImportedModel.isGraph(path) { return try ImportedModel.load(path, keepsFiles: keepsFiles) }
    try InputKind.model.require(path)
    return try ModelSpec.load(directory: path)
  }

  static func model(
    _ path: String, _ options: PromptOptions, keepsFiles: Bool = false
  ) throws -> ModelSpec {
    var model = try model(path, keepsFiles: keepsFiles)
    model.prompts = try options.choose(from: model.prompts)
    return model
  }

  static func calibration(_ path: String) throws -> Calibration {
    try InputKind.calibration.require(path)
    return try Calibration.load(directory: path)
  }

  static func deviceProfile(_ path: String) throws -> DeviceProfile {
    try InputKind.deviceProfile.require(path)
    let profile = try DeviceProfile.load(path: path)
    // Of any architecture: plans are made for other machines too.
    let (tier, known) = (profile.fingerprint.tier, KernelTier.allCases.map(\.name))
    guard known.contains(tier) else {
      throw DeviceProfileError.invalid(
        field: "fingerprint.tier", expected: "one of \(known.joined(separator: ", "))", found: "\"\(tier)\"")
    }
    return profile
  }

  /// A plan with its weights, ready to run.
  static func plan(_ path: String) throws -> LoadedPlan {
    try InputKind.plan.require(path)
    return try LoadedPlan(path: path)
  }

  /// The texts of a file, perhaps a seeded subset; skipped rows are reported on standard error.
  static func texts(
    _ options: TextOptions, limit: Int? = nil, seed: UInt64 = 1, requiresLabels: Bool = false
  ) throws -> TextDataset {
    try texts(
      from: options.data, options.reading, limit: limit, seed: seed, requiresLabels: requiresLabels)
  }

  static func texts(
    from path: String, _ reading: DataOptions, limit: Int?, seed: UInt64, requiresLabels: Bool
  ) throws -> TextDataset {
    try InputKind.texts.require(path)
    var dataset = try TextDataset.read(path: path, options: reading.options(requiresLabels: requiresLabels))
    for row in dataset.badRows.prefix(10) { Console.note("warning: \(path), \(row), skipped") }
    if dataset.badRowCount > 0 { Console.note("warning: \(dataset.badRowCount) rows of \(path) skipped") }
    if dataset.unlabelledCount > 0 {
      Console.note(
        "note: \(NumberText.count(dataset.unlabelledCount, "row")) of \(path) "
          + (requiresLabels ? "left out: their label says they have none" : "have a label that means none")
          + "; say which labels mean that with --unlabelled")
    }
    if let limit {
      dataset.rows = SeededSubset.indices(count: dataset.rows.count, limit: limit, seed: seed).map {
        dataset.rows[$0]
      }
    }
    return dataset
  }

  static func maximumLength(_ requested: Int?, of model: ModelSpec) throws -> Int {
    let length = requested ?? model.maximumLength
    guard model.maximumLength >= 4 else {
      throw CommandError.usage(
        "the model: expected that it takes at least 4 tokens; its own files allow \(model.maximumLength)")
    }
    guard (4...model.maximumLength).contains(length) else {
      throw CommandError.usage(
        "--max-length: expected 4 to \(model.maximumLength) tokens for this model; found \(length)")
    }
    return length
  }

  static func threads(_ requested: Int?) -> Int {
    requested ?? CPUBudget.current.threads
  }

  /// The first byte of a file; nil when there is none.
  static func firstByte(of path: String) -> UInt8? {
    guard let file = unsafe fopen(path, "r") else { return nil }
    defer { unsafe fclose(file) }
    return UInt8(exactly: unsafe fgetc(file))
  }
}
