/// Named stages with weights, run in order. The list owns the progress: it turns what each stage says of itself into
/// one fraction that never falls and ends at 1, whatever the stages do or leave out.
public struct Stages<State> {
  /// What is being done, and the share of the whole that is done: from 0 to 1.
  public typealias Progress = (_ stage: String, _ fraction: Double) -> Void

  /// How a stage reports itself.
  public struct Report {
    fileprivate let body: (_ detail: String, _ fraction: Double) -> Void

    /// - Parameters:
    ///   - detail: "text 3 of 40".
    ///   - fraction: of the stage, from 0 to 1.
    public func callAsFunction(_ detail: String, _ fraction: Double) { body(detail, fraction) }

    /// So many texts are done.
    public func texts(_ done: Int, _ total: Int) {
      body("text \(done) of \(total)", Double(done) / Double(max(1, total)))
    }
  }

  private struct Stage {
    var name: String
    var weight: Double
    var body: (inout State, Report) throws -> Void
  }

  private var stages: [Stage] = []

  public init() {}

  /// - Parameter weight: about how long it takes compared with the others; above 0.
  public mutating func add(
    _ name: String, weight: Double = 1, _ body: @escaping (inout State, Report) throws -> Void
  ) {
    stages.append(Stage(name: name, weight: weight, body: body))
  }

  /// Runs them all; ends at the first error.
  public func run(_ state: inout State, progress: Progress) throws {
    let total = stages.reduce(0) { $0 + $1.weight }
    var before = 0.0
    var shown = 0.0
    for stage in stages {
      func show(_ text: String, _ fraction: Double) {
        // Only the end is 1, whatever the rounding.
        shown = max(shown, min(0.999, (before + stage.weight * min(1, fraction)) / total))
        progress(text, shown)
      }
      show(stage.name, 0)
      try withoutActuallyEscaping(show) { show in
        try stage.body(&state, Report { detail, fraction in show("\(stage.name), \(detail)", fraction) })
      }
      before += stage.weight
    }
    progress(stages.last?.name ?? "", 1)
  }
}
