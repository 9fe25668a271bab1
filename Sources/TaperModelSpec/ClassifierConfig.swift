import TaperJSON
import TaperPlanFormat

/// A classification head in config.json: of sequences or, with `ofTokens`, of tokens. Defaults are transformers'.
struct ClassifierConfig {
  let kind: HeadKind
  /// In output order; empty for regression.
  let labels: [String]
  let outputs: Int
  /// Whether `problem_type` says that the outputs are numbers, rather than there being only one.
  let isNamedRegression: Bool

  /// `id2label` gives names and count; else `num_labels` (2 when absent) with names LABEL_0, …. `problem_type` gives
  /// the kind; without it one output is a regression and several are classes.
  init(_ file: JSONFile, ofTokens: Bool = false) throws(ModelSpecError) {
    let labels: [String]
    if file.member("id2label") != nil {
      labels = try Self.labels(file)
    } else {
      let count = file.member("num_labels") == nil ? 2 : try file.integer("num_labels", in: 1...65536)
      labels = (0..<count).map { "LABEL_\($0)" }
    }
    outputs = labels.count
    isNamedRegression = file.member("problem_type")?.string == "regression"
    guard !ofTokens else {
      kind = .tokenClassification
      self.labels = labels
      try file.requireDistinct(labels, "id2label")
      return
    }
    switch file.member("problem_type")?.string {
    case "regression": kind = .regression
    case "single_label_classification": kind = .classification
    case "multi_label_classification": kind = .multiLabel
    case nil where file.member("problem_type") == nil:
      kind = labels.count == 1 ? .regression : .classification
    default:
      throw file.failure(
        "problem_type",
        expected: "\"regression\", \"single_label_classification\" or \"multi_label_classification\"",
        file.value["problem_type"])
    }
    self.labels = kind == .regression ? [] : labels
    try file.requireDistinct(self.labels, "id2label")
  }

  /// Names for 0, 1, … without gaps.
  private static func labels(_ file: JSONFile) throws(ModelSpecError) -> [String] {
    let map = try file.stringMap("id2label")
    guard !map.isEmpty else {
      throw file.failure("id2label", expected: "at least one label", .object(JSONObject()))
    }
    var labels = [String?](repeating: nil, count: map.count)
    for (key, label) in map {
      guard let index = Int(key), labels.indices.contains(index), labels[index] == nil else {
        throw file.failure("id2label", expected: "keys 0...\(map.count - 1)", .string(key))
      }
      labels[index] = label
    }
    return labels.compactMap { $0 }
  }
}
