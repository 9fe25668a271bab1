import TaperJSON
import TestSupport
import Testing

/// The `taper` command as a program, with a folder for its files and a tiny model to work on.
struct TaperProgram {
  /// Widths no profile has measured: predictions are modelled.
  static let referenceDevice = repository + "/specs/devices/reference.json"

  let folder = TemporaryDirectory()
  let program = ChildProcess.product("taper")

  /// A tiny model by name; a path stays as it is.
  static func model(_ name: String) -> String {
    name.hasPrefix("/") ? name : "\(repository)/Tests/TaperModelSpecTests/Fixtures/\(name)"
  }

  private static let repository = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

  func path(_ name: String) -> String { "\(folder.path)/\(name)" }

  @discardableResult
  func callAsFunction(_ arguments: String..., input: String = "") -> ChildProcess {
    ChildProcess.run(program, arguments, input: input)
  }

  /// The single JSON value a command that must succeed prints.
  func json(
    _ arguments: String..., location: SourceLocation = #_sourceLocation
  ) throws -> JSONValue {
    let run = ChildProcess.run(program, arguments + ["--json"])
    try #require(run.exitCode == 0, "\(run.errors)", sourceLocation: location)
    return try JSONValue.parse(Array(run.output.utf8))
  }

  /// Labelled texts of two classes in the tiny models' words; every third is longer than their 24 tokens.
  func texts(_ name: String = "texts.jsonl", count: Int = 24) -> String {
    var lines = ""
    for index in 0..<count {
      let (label, word) = index % 2 == 0 ? ("plans", "plan of the model") : ("tokens", "token at 7 ! ?")
      let repeats = 1 + (index / 2) % 3 * 3
      let text = Array(repeating: word, count: repeats).joined(separator: " ") + " \(index / 2 % 10) for this"
      lines += #"{"text":"\#(text)","label":"\#(label)"}"# + "\n"
    }
    return folder.write(name, lines)
  }

  /// Texts in the tuned fixtures' words, of 3 to 22 tokens, labelled at random.
  func words(_ name: String = "words.jsonl", labels: [String], count: Int = 60) -> String {
    let words = [
      "alpha", "beta", "gamma", "delta", "one", "two", "three", "four", "five", "six", "red", "green", "blue",
    ]
    var generator = SeededGenerator(seed: 3)
    var lines = ""
    for _ in 0..<count {
      let text = (0..<Int.random(in: 1...20, using: &generator)).map { _ in
        words.randomElement(using: &generator)!
      }
      let label = labels.randomElement(using: &generator)!
      lines += #"{"text":"\#(text.joined(separator: " "))","label":"\#(label)"}"# + "\n"
    }
    return folder.write(name, lines)
  }

  /// Calibrates the model and returns the calibration's path.
  /// - Parameter options: "--no-labels" for a model with labels of its own, say.
  func calibration(_ model: String = "tiny-bert-old-names", _ options: String...) throws -> String {
    let run = ChildProcess.run(
      program, ["calibrate", Self.model(model), "--data", texts(), "-o", path("calibration")] + options)
    try #require(run.exitCode == 0, "\(run.errors)")
    return path("calibration")
  }

  /// The reference device with a part of its profile replaced.
  func device(_ old: String, _ new: String) throws -> String {
    let text = String(decoding: TestFile.bytes(Self.referenceDevice), as: UTF8.self)
    let changed = text.replacing(old, with: new, maxReplacements: 1)
    try #require(changed != text)
    return folder.write("device.json", changed)
  }

  /// Plans the tiny model on the reference device and returns the plan's path.
  func plan(
    _ target: String..., model: String = "tiny-bert-old-names", calibration: String? = nil,
    name: String = "a.plan"
  ) throws -> String {
    var arguments = ["plan", Self.model(model), "--device", Self.referenceDevice, "-o", path(name)] + target
    if let calibration { arguments += ["--calibration", calibration] }
    let run = ChildProcess.run(program, arguments)
    try #require(run.exitCode == 0, "\(run.errors)")
    return path(name)
  }
}

extension ChildProcess {
  /// Expects a refusal: this exit code, nothing on standard output, and a message that holds these facts: options,
  /// names, numbers. Its wording is TranscriptTests' matter.
  func expectRefused(
    _ exitCode: Int32, naming facts: String..., location: SourceLocation = #_sourceLocation
  ) {
    expectRefused(exitCode, naming: facts, location: location)
  }

  func expectRefused(
    _ exitCode: Int32, naming facts: [String], location: SourceLocation = #_sourceLocation
  ) {
    #expect(self.exitCode == exitCode && output == "", "\(errors)", sourceLocation: location)
    for fact in facts { #expect(errors.contains(fact), "\(errors)", sourceLocation: location) }
  }

  /// The single JSON value on standard output, whatever the exit code.
  func json() throws -> JSONValue { try JSONValue.parse(Array(output.utf8)) }
}

extension JSONValue {
  /// An object's keys, in order.
  var keys: [String] { object?.keys ?? [] }

  /// The lines of JSON a command printed.
  static func lines(_ text: String) throws -> [JSONValue] {
    try text.split(separator: "\n").map { try JSONValue.parse(Array($0.utf8)) }
  }
}
