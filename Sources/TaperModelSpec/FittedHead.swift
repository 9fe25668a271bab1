import TaperBase
import TaperJSON
import TaperPlanFormat

/// A linear head fitted on frozen features: taper_head.json and taper_head.safetensors (specs/models/README.md).
struct FittedHead {
  static let descriptionName = "taper_head.json"
  static let weightsName = "taper_head.safetensors"
  static let weightTensor = "head.weight"
  static let biasTensor = "head.bias"

  let spec: HeadSpec
  /// SHA-256 of the file of texts it was fitted to; nil where it does not say.
  let dataDigest: Digest?
  let sources: [TensorRole: CheckpointWeights.Source]
  let descriptionFile: JSONFile
  let weightsFile: SafetensorsFile

  /// nil when the directory has none.
  /// - Parameters:
  ///   - modules: the steps of modules.json; nil for a base that is no embedder of modules.
  ///   - pooler: the steps of the family's dense layer.
  init?(
    directory: String, hidden: Int, modules: [HeadStep]?, pooler: [HeadStep]
  ) throws(ModelSpecError) {
    guard let file = try JSONFile(ifPresent: "\(directory)/\(Self.descriptionName)") else { return nil }
    // Version 2 has `modules`, which a reader of version 1 would pass over.
    _ = try file.integer("schema_version", in: 1...2)
    let outputs = try file.integer("outputs", in: 1...65536)
    let steps = try Self.steps(file, hidden: hidden, modules, pooler)
    let width = steps.last?.width ?? hidden
    _ = try file.integer("width", in: width...width)
    let labels = try file.strings("labels")
    let kind: HeadKind
    switch try file.string("kind") {
    case "classification": kind = .classification
    case "multi_label": kind = .multiLabel
    case "regression": kind = .regression
    default:
      throw file.failure(
        "kind", expected: "\"classification\", \"multi_label\" or \"regression\"", file.value["kind"])
    }
    let labelCount = kind == .regression ? 0 : outputs
    guard labels.count == labelCount else {
      throw .value(path: file.path, key: "labels", expected: "\(labelCount) labels", found: "\(labels.count)")
    }
    try file.requireDistinct(labels, "labels")
    spec = HeadSpec(kind: kind, steps: steps, labels: labels, outputWidth: outputs, hasLinear: true)
    dataDigest = try file.member("data_digest").map { (found) throws(ModelSpecError) in
      guard let digest = found.string.flatMap(Digest.init(hex:)) else {
        throw file.failure("data_digest", expected: "64 hexadecimal digits", found)
      }
      return digest
    }
    descriptionFile = file
    let weights = try SafetensorsFile(path: "\(directory)/\(Self.weightsName)")
    weightsFile = weights
    sources = [
      .headWeight: try Self.source(weights, Self.weightTensor, [outputs, width]),
      .headBias: try Self.source(weights, Self.biasTensor, [outputs]),
    ]
  }

  /// What the linear layer follows: the modules' steps, or pooling, perhaps the pooler and the norm.
  private static func steps(
    _ file: JSONFile, hidden: Int, _ modules: [HeadStep]?, _ pooler: [HeadStep]
  ) throws(ModelSpecError) -> [HeadStep] {
    if file.member("modules") != nil, try file.bool("modules") {
      guard let modules else {
        throw file.failure(
          "modules", expected: "false: the folder has no modules.json with the modules that the head reads",
          true)
      }
      return modules
    }
    let pooling = try Pooling(named: file.string("pooling"), in: file, key: "pooling", among: Pooling.ofTexts)
    var steps: [HeadStep] = [.pool(pooling, width: hidden)]
    if try file.bool("pooler") { steps += pooler }
    if try file.bool("follows_normalization") { steps.append(.normalize(width: hidden)) }
    return steps
  }

  private static func source(_ file: SafetensorsFile, _ name: String, _ shape: [Int]) throws(ModelSpecError)
    -> CheckpointWeights.Source
  {
    guard let tensor = file.tensor(name) else {
      throw .tensorMissing(path: file.path, tensor: name, tried: [name])
    }
    return try CheckpointWeights.Source(file: file, tensor: tensor, shape: shape)
  }

  static func name(of kind: HeadKind) -> String {
    switch kind {
    case .embedding: "embedding"
    case .classification: "classification"
    case .multiLabel: "multi_label"
    case .tokenClassification: "token_classification"
    case .regression: "regression"
    case .sparse: "sparse"
    case .tokenVectors: "token_vectors"
    }
  }

  /// taper_head.json for a linear layer of `spec.outputWidth` outputs on `width` features.
  static func description(_ spec: HeadSpec, width: Int, data: Digest? = nil) -> String {
    let facts: JSONValue = [
      "schema_version": 1, "kind": .string(name(of: spec.kind)),
      "labels": .array(spec.labels.map { .string($0) }),
      "width": .integer(Int64(width)), "outputs": .integer(Int64(spec.outputWidth)),
      "pooling": .string(spec.pooling.name), "pooler": .bool(spec.hasPooler),
      "follows_normalization": .bool(spec.normalized),
    ]
    var object = facts.object ?? JSONObject()
    if spec.followsModules {
      object["schema_version"] = 2
      object["modules"] = true
    }
    if let data { object["data_digest"] = JSONValue(data.hex) }
    return JSONValue.object(object).serialized(pretty: true) + "\n"
  }
}
