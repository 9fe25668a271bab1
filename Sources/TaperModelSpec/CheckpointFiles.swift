import TaperBase
import TaperJSON

/// The weight files of a checkpoint: model.safetensors, or the shards that model.safetensors.index.json lists.
struct CheckpointFiles {
  /// In name order.
  let files: [SafetensorsFile]
  private let directory: String
  /// Index of the file that has a tensor.
  private let fileOfTensor: [String: Int]

  private static let singleName = "model.safetensors"
  private static let pickles = ["pytorch_model.bin", "pytorch_model.bin.index.json"]
  private static let indexName = "model.safetensors.index.json"
  /// Where libraries put exported graphs.
  private static let graphs = [
    "model.onnx", "onnx/model.onnx", "openvino_model.xml", "openvino/openvino_model.xml",
  ]

  init(directory: String) throws(ModelSpecError) {
    self.directory = directory
    let single = "\(directory)/\(Self.singleName)"
    if FilePath.exists(single) {
      let file = try SafetensorsFile(path: single)
      files = [file]
      fileOfTensor = Dictionary(file.tensors.map { ($0.name, 0) }) { first, _ in first }
    } else if let indexFile = try JSONFile(ifPresent: "\(directory)/\(Self.indexName)") {
      (files, fileOfTensor) = try Self.shards(indexFile, directory: directory)
    } else {
      for name in Self.graphs where FilePath.exists("\(directory)/\(name)") {
        throw .onlyGraph(directory: directory, path: "\(directory)/\(name)")
      }
      for name in Self.pickles where FilePath.exists("\(directory)/\(name)") {
        throw .pickledWeights(path: "\(directory)/\(name)")
      }
      throw .fileMissing(directory: directory, anyOf: [Self.singleName, Self.indexName])
    }
  }

  /// Tensors that are none of `sources`, in the order of the files; buffers that only count positions are left out.
  func names(without sources: [TensorRole: CheckpointWeights.Source]) -> [String] {
    let used = Set(sources.values.map(\.tensor))
    return files.flatMap(\.tensors).map(\.name).filter { !used.contains($0) && !$0.hasSuffix("position_ids") }
  }

  /// Names of the weight files, including the index of the shards.
  func names() -> [String] {
    let names = files.map { FilePath.name($0.path) }
    return names == [Self.singleName] ? names : names + [Self.indexName]
  }

  private static func shards(_ index: JSONFile, directory: String) throws(ModelSpecError)
    -> ([SafetensorsFile], [String: Int])
  {
    let map = try index.stringMap("weight_map")
    let names = Set(map.map(\.value)).sorted()
    var files: [SafetensorsFile] = []
    for name in names {
      guard !name.isEmpty, !name.contains("/"), name != ".." else {
        throw index.failure("weight_map", expected: "names of files in the same folder", .string(name))
      }
      files.append(try SafetensorsFile(path: "\(directory)/\(name)"))
    }
    let positions = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    var fileOfTensor: [String: Int] = [:]
    for (tensor, name) in map {
      // An entry without its tensor is an error only where that tensor is needed.
      guard let position = positions[name], files[position].tensor(tensor) != nil else { continue }
      fileOfTensor[tensor] = position
    }
    return (files, fileOfTensor)
  }

  /// The first of `names` that a file has.
  private func find(_ names: [String]) -> (SafetensorsFile, SafetensorsTensor)? {
    for name in names {
      if let position = fileOfTensor[name], let tensor = files[position].tensor(name) {
        return (files[position], tensor)
      }
    }
    return nil
  }

  /// Finds the tensors of `list` under the family's names and checks type and shape of each.
  /// - Parameter absent: gains the roles that this model lacks, as its family's description says.
  func locate(
    _ list: TensorList, _ config: ConfigReader, absent: inout Set<TensorRole>
  ) throws(ModelSpecError) -> [TensorRole: CheckpointWeights.Source] {
    let prefix = prefix(config.family)
    var sources: [TensorRole: CheckpointWeights.Source] = [:]
    for entry in list.entries {
      if entry.isOptional, !(try config.has(entry)) {
        absent.insert(entry.role)
        continue
      }
      var names = try config.names(of: entry, layers: list.layers, prefix: prefix)
      if let other = entry.otherwise { names += config.family.names(other.name, prefix: prefix) }
      guard let (file, tensor) = find(names) else {
        throw .tensorMissing(path: directory, tensor: entry.role.rawValue, tried: names)
      }
      sources[entry.role] = try CheckpointWeights.Source(
        file: file, tensor: tensor, shape: entry.shape, part: entry.pattern?.part ?? 0,
        of: entry.pattern?.parts ?? 1)
    }
    return sources
  }

  /// The shape of the tensor of this name; nil where no file has it.
  func shape(of name: String) -> [Int]? { find([name])?.1.shape }

  /// The tensor of this name, in this shape.
  func source(_ name: String, shape: [Int]) throws(ModelSpecError) -> CheckpointWeights.Source {
    guard let (file, tensor) = find([name]) else {
      throw .tensorMissing(path: directory, tensor: name, tried: [name])
    }
    return try CheckpointWeights.Source(file: file, tensor: tensor, shape: shape)
  }

  /// Finds the tensors that every family names by their roles, and checks type and shape of each.
  func locate(named roles: [(TensorRole, [Int])]) throws(ModelSpecError) -> [TensorRole: CheckpointWeights
    .Source]
  {
    var sources: [TensorRole: CheckpointWeights.Source] = [:]
    for (role, shape) in roles {
      guard let (file, tensor) = find([role.rawValue]) else {
        throw .tensorMissing(path: directory, tensor: role.rawValue, tried: [role.rawValue])
      }
      sources[role] = try CheckpointWeights.Source(file: file, tensor: tensor, shape: shape)
    }
    return sources
  }

  /// The prefix under which the word embeddings are found; the first when none fits, so that the error shows it.
  private func prefix(_ family: FamilyDescription) -> String {
    let pattern = family.tensors[.wordEmbedding]?.name ?? ""
    return family.prefixes.first { find(family.names(pattern, prefix: $0)) != nil }
      ?? family.prefixes.first ?? ""
  }
}
