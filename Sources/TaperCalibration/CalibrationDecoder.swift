import TaperBase
import TaperJSON
import TaperModelSpec

/// Reads the bytes that `CalibrationCodec` writes. They are untrusted.
struct CalibrationDecoder {
  /// No encoder has more; bounds the memory that a small file can ask for.
  static let maximumLayers = 1_000

  private let path: String
  private let root: JSONObject

  /// `path` names the directory in errors.
  static func decode(json: [UInt8], reference: [UInt8], path: String) throws(CalibrationError) -> Calibration
  {
    let jsonPath = path + "/" + CalibrationDirectory.jsonName
    let value: JSONValue
    do throws(JSONError) { value = try JSONValue.parse(json) } catch { throw .notJSON(path: jsonPath, error) }
    guard let root = value.object else {
      throw .malformed(path: jsonPath, part: "the file", expected: "an object", found: value.kindDescription)
    }
    return try CalibrationDecoder(path: jsonPath, root: root).calibration(
      digest: SHA256.digest(of: json), reference: reference,
      referencePath: path + "/" + CalibrationDirectory.referenceName)
  }

  private func calibration(
    digest: Digest, reference: [UInt8], referencePath: String
  ) throws(CalibrationError) -> Calibration {
    let version = try integer("schema_version", 0...Int(Int32.max))
    guard version == CalibrationCodec.schemaVersion else {
      throw .version(path: path, found: version, supported: CalibrationCodec.schemaVersion)
    }
    let expected = try self.digest("reference_digest")
    let found = SHA256.digest(of: reference)
    guard expected == found else {
      throw .digestMismatch(path: referencePath, expected: expected.hex, found: found.hex)
    }
    let textCount = try integer("texts", 1...Int(Int32.max))
    let sampleCount = try integer("samples", 0...textCount)
    let width = try integer("reference_width", 1...Int(Int32.max))
    let labels = try labelNames()
    let lengths = try lengthHistogram(textCount: textCount)
    let samples = try SampleDecoder(bytes: reference, path: referencePath).samples(
      count: sampleCount, width: width, labelCount: labels.count)
    let calibration = Calibration(
      layers: try layers(), selectors: try selectors(textCount: textCount), lengthHistogram: lengths,
      samples: samples, referenceWidth: width, labels: labels,
      textCount: textCount, truncatedCount: try integer("truncated", 0...textCount),
      badRowCount: try integer("bad_rows", 0...Int(Int32.max)), modelDigest: try self.digest("model_digest"),
      dataDigest: try self.digest("data_digest"), tokenizerDigest: try self.digest("tokenizer_digest"),
      digest: digest)
    try require(
      calibration.tokenCount == (try integer("tokens", 0...Int.max)), "tokens", "the sum of lengths",
      "\(root["tokens"]?.int ?? 0)")
    return calibration
  }

  // MARK: Members

  private func layers() throws(CalibrationError) -> [LayerImportance] {
    let values = try array("layers")
    try require(
      (1...CalibrationDecoder.maximumLayers).contains(values.count), "layers",
      "an array of 1 to \(CalibrationDecoder.maximumLayers)", "\(values.count)")
    var layers: [LayerImportance] = []
    for (index, value) in values.enumerated() {
      let part = "layers[\(index)]"
      let acc = value["acc"]?.double ?? .nan
      try require(acc.isFinite && acc >= 0, part + ".acc", "a number, at least 0", describe(value["acc"]))
      let deciles = try ascending(
        value["deciles"], part + ".deciles", count: LayerImportance.decileCount,
        upTo: .greatestFiniteMagnitude)
      let mass = try ascending(
        value["cumulative_mass"], part + ".cumulative_mass", count: LayerImportance.massPointCount, upTo: 1)
      layers.append(LayerImportance(contextContribution: acc, deciles: deciles, cumulativeMass: mass))
    }
    return layers
  }

  /// nil when the model had none.
  private func selectors(textCount: Int) throws(CalibrationError) -> SelectorCounts? {
    guard let value = root["selectors"] else { return nil }
    let layers = value["layers"]?.array?.compactMap(\.int) ?? []
    try require(
      !layers.isEmpty && layers.count == value["layers"]?.array?.count
        && zip([0] + layers, layers).allSatisfy { $0 < $1 }
        && layers.last! <= CalibrationDecoder.maximumLayers,
      "selectors.layers", "ascending layers", describe(value["layers"]))
    let rows = value["kept"]?.array ?? []
    try require(rows.count == textCount, "selectors.kept", "\(textCount) texts", "\(rows.count)")
    var texts: [SelectorCounts.Text] = []
    for row in rows {
      let numbers = row.array?.compactMap(\.int) ?? []
      let text = SelectorCounts.Text(tokens: numbers.first ?? 0, kept: Array(numbers.dropFirst()))
      try require(
        text.isValid(selectors: layers.count) && numbers.count == row.array?.count
          && text.tokens <= Int(Int32.max),
        "selectors.kept", "tokens and \(layers.count) counts, never rising, at least 1", describe(row))
      texts.append(text)
    }
    return SelectorCounts(layers: layers, texts: texts)
  }

  private func ascending(
    _ value: JSONValue?, _ part: String, count: Int, upTo limit: Double
  ) throws(CalibrationError) -> [Double] {
    let what = "\(count) ascending numbers, at least 0"
    guard let values = value?.array, values.count == count else {
      throw .malformed(path: path, part: part, expected: what, found: describe(value))
    }
    // Averages of ascending lists ascend up to rounding.
    let slack = 1e-9
    var numbers: [Double] = []
    for value in values {
      let number = value.double ?? .nan
      let previous = numbers.last ?? 0
      try require(
        number.isFinite && number >= previous - slack * max(1, previous) && number <= limit * (1 + slack),
        part,
        what, describe(value))
      numbers.append(number)
    }
    return numbers
  }

  private func labelNames() throws(CalibrationError) -> [String] {
    var names: [String] = []
    for value in try array("labels") {
      guard let name = value.string else {
        throw .malformed(path: path, part: "labels", expected: "an array of strings", found: describe(value))
      }
      names.append(name)
    }
    try require(Set(names).count == names.count, "labels", "distinct", "one of them twice")
    return names
  }

  private func lengthHistogram(textCount: Int) throws(CalibrationError) -> [LengthCount] {
    var lengths: [LengthCount] = []
    var total = 0
    for value in try array("lengths") {
      let tokens = value[0]?.int ?? 0
      let count = value[1]?.int ?? 0
      try require(
        value.array?.count == 2 && tokens > (lengths.last?.tokens ?? 0) && tokens <= Int(Int32.max)
          && count > 0 && count <= textCount - total, "lengths",
        "ascending pairs of tokens and count, \(textCount) texts in all", value.serialized())
      total += count
      lengths.append(LengthCount(tokens: tokens, count: count))
    }
    try require(total == textCount, "lengths", "of \(textCount) texts in all", "\(total)")
    return lengths
  }

  private func integer(_ key: String, _ range: ClosedRange<Int>) throws(CalibrationError) -> Int {
    guard let number = root[key]?.int, range.contains(number) else {
      throw .malformed(
        path: path, part: key, expected: "an integer from \(range.lowerBound) to \(range.upperBound)",
        found: describe(root[key]))
    }
    return number
  }

  private func digest(_ key: String) throws(CalibrationError) -> Digest {
    guard let digest = root[key]?.string.flatMap(Digest.init(hex:)) else {
      throw .malformed(path: path, part: key, expected: "64 hexadecimal digits", found: describe(root[key]))
    }
    return digest
  }

  private func array(_ key: String) throws(CalibrationError) -> [JSONValue] {
    guard let values = root[key]?.array else {
      throw .malformed(path: path, part: key, expected: "an array", found: describe(root[key]))
    }
    return values
  }

  private func require(
    _ condition: Bool, _ part: String, _ expected: String, _ found: @autoclosure () -> String
  ) throws(CalibrationError) {
    if !condition { throw .malformed(path: path, part: part, expected: expected, found: found()) }
  }

  /// A value in at most 60 characters.
  private func describe(_ value: JSONValue?) -> String {
    guard let value else { return "nothing" }
    let text = value.serialized()
    return text.count <= 60 ? text : String(text.prefix(57)) + "..."
  }
}
