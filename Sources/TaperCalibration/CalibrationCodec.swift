import TaperBase
import TaperJSON
import TaperModelSpec

/// A calibration as the bytes of its two files.
///
/// calibration.json holds the statistics, digests and counts. For a model with selectors it also holds
/// `selectors.kept`: per text, its tokens and the tokens kept by each selector. reference.safetensors holds the texts
/// as tensors: `ids` and `type_ids` (U32, all texts one after another), `offsets` (I64, text i is
/// offsets[i]..<offsets[i+1]), `reference` (F32, [texts, width]), `labels` (I32, −1 for none) and `values` (F32, NaN
/// for none). Canonical: equal calibrations give equal bytes. Reading never traps: sizes are bounded by the file, and
/// counts are checked against each other.
enum CalibrationCodec {
  static let schemaVersion = 1

  struct Encoded {
    var json: [UInt8]
    var reference: [UInt8]
    /// SHA-256 of `json`.
    var digest: Digest
  }

  static func encode(_ calibration: Calibration) -> Encoded {
    let reference = encodeSamples(calibration)
    var object = JSONObject()
    object["schema_version"] = JSONValue(schemaVersion)
    object["model_digest"] = JSONValue(calibration.modelDigest.hex)
    object["tokenizer_digest"] = JSONValue(calibration.tokenizerDigest.hex)
    object["data_digest"] = JSONValue(calibration.dataDigest.hex)
    object["reference_digest"] = JSONValue(SHA256.digest(of: reference).hex)
    object["texts"] = JSONValue(calibration.textCount)
    object["tokens"] = JSONValue(calibration.tokenCount)
    object["truncated"] = JSONValue(calibration.truncatedCount)
    object["bad_rows"] = JSONValue(calibration.badRowCount)
    object["samples"] = JSONValue(calibration.samples.count)
    object["reference_width"] = JSONValue(calibration.referenceWidth)
    object["labels"] = .array(calibration.labels.map { JSONValue($0) })
    object["lengths"] = .array(
      calibration.lengthHistogram.map { .array([JSONValue($0.tokens), JSONValue($0.count)]) })
    object["layers"] = .array(
      calibration.layers.map { layer in
        var object = JSONObject()
        object["acc"] = JSONValue(layer.contextContribution)
        object["deciles"] = .array(layer.deciles.map { JSONValue($0) })
        object["cumulative_mass"] = .array(layer.cumulativeMass.map { JSONValue($0) })
        return .object(object)
      })
    if let selectors = calibration.selectors {
      object["selectors"] = [
        "layers": .array(selectors.layers.map { JSONValue($0) }),
        "kept": .array(
          selectors.texts.map { text in .array(([text.tokens] + text.kept).map { JSONValue($0) }) }),
      ]
    }
    let json = Array((JSONValue.object(object).serialized(pretty: true) + "\n").utf8)
    return Encoded(json: json, reference: reference, digest: SHA256.digest(of: json))
  }

  // MARK: reference.safetensors

  private static func encodeSamples(_ calibration: Calibration) -> [UInt8] {
    let samples = calibration.samples
    var offsets: [Int64] = [0]
    for sample in samples { offsets.append(offsets[offsets.count - 1] + Int64(sample.ids.count)) }
    let tokens = Int(offsets[samples.count])
    // 8-byte elements first, so that every tensor is aligned in the file as far as its header allows.
    var writer = SafetensorsWriter(metadata: [("format", "taper-calibration")])
    writer.add("offsets", shape: [samples.count + 1], integers: offsets)
    writer.add("ids", shape: [tokens], integers: samples.flatMap(\.ids))
    writer.add("type_ids", shape: [tokens], integers: samples.flatMap(\.typeIDs))
    writer.add(
      "reference", shape: [samples.count, calibration.referenceWidth], values: samples.flatMap(\.reference))
    writer.add("labels", shape: [samples.count], integers: samples.map { Int32($0.label ?? -1) })
    writer.add("values", shape: [samples.count], values: samples.map { $0.value ?? .nan })
    return writer.encoded()
  }
}
