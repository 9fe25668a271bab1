import TaperBase
import TaperJSON
import TaperModelSpec
import TaperPlanFormat

/// The files beside a graph, and the folder that they go into.
struct ImportFolder {
  /// The graph's folder, and the one above where it lies in a folder that optimum or sentence-transformers makes.
  let sources: [String]

  init(graph: String) {
    let folder = FilePath.folder(of: graph)
    let isInner = ["onnx", "openvino"].contains(FilePath.name(folder))
    sources = isInner ? [folder, folder + "/.."] : [folder]
  }

  private static let copied = [
    "config.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt", "vocab.json", "merges.txt",
    "special_tokens_map.json", "added_tokens.json", "sentence_bert_config.json",
    "config_sentence_transformers.json",
  ]

  /// The first of this name.
  func path(_ name: String) -> String? {
    sources.map { "\($0)/\(name)" }.first(where: FilePath.exists)
  }

  /// config.json's; nil without one that says it.
  var modelType: String? {
    guard let path = path("config.json"),
      let bytes = try? WholeFile.read(path, limit: 1 << 24, regularOnly: true)
    else { return nil }
    return (try? JSONValue.parse(bytes, accepting: .nonFiniteNumbers))?["model_type"]?.string
  }

  func copyAll(to folder: String) throws(ImportError) {
    for name in Self.copied {
      if let source = path(name) { try Self.copy(source, to: "\(folder)/\(name)") }
    }
    guard let modules = path("modules.json") else { return }
    try Self.copy(modules, to: folder + "/modules.json")
    // Their folders, as modules.json names them; what is wrong with it is said when the folder is read.
    let bytes = try ImportError.wrapping(try WholeFile.read(modules, limit: 1 << 20, regularOnly: true))
    let list = (try? JSONValue.parse(bytes))?.array ?? []
    for name in Set(list.compactMap { $0["path"]?.string }).sorted() {
      let parts = name.split(separator: "/")
      guard parts.count == 1, !parts.contains(".."), !parts.contains("."),
        path("\(parts[0])/config.json") != nil
      else {
        continue
      }
      try ImportError.wrapping(try FilePath.makeFolder("\(folder)/\(parts[0])"))
      for file in ["config.json", "model.safetensors"] {
        if let source = path("\(parts[0])/\(file)") {
          try Self.copy(source, to: "\(folder)/\(parts[0])/\(file)")
        }
      }
    }
  }

  private static func copy(_ source: String, to target: String) throws(ImportError) {
    let file = try ImportError.wrapping(try MappedFile(path: source))
    try FileSink<ImportError>.write(target) { (sink) throws(ImportError) in
      try unsafe file.withBytes { (bytes) throws(ImportError) in try unsafe sink.write(bytes) }
    }
  }

  static func write(_ value: JSONValue, to path: String) throws(ImportError) {
    try ImportError.wrapping(try WholeFile.write(value.serialized(pretty: true) + "\n", to: path))
  }

  /// Changes a member of a JSON file.
  static func set(_ key: String, to value: JSONValue, in path: String) throws(ImportError) {
    let bytes = try ImportError.wrapping(try WholeFile.read(path, limit: 1 << 24, regularOnly: true))
    guard var object = (try? JSONValue.parse(bytes, accepting: .nonFiniteNumbers))?.object else { return }
    object[key] = value
    try write(.object(object), to: path)
  }

  /// sentence-transformers' modules for a pooling.
  static func writeModules(_ pooling: Pooling, normalized: Bool, to folder: String) throws(ImportError) {
    func module(_ name: String, _ path: String) -> JSONValue {
      ["type": .string("sentence_transformers.models.\(name)"), "path": .string(path)]
    }
    var chain = [module("Transformer", ""), module("Pooling", "1_Pooling")]
    if normalized { chain.append(module("Normalize", "2_Normalize")) }
    try write(.array(chain), to: folder + "/modules.json")
    if !FilePath.exists(folder + "/1_Pooling") {
      try ImportError.wrapping(try FilePath.makeFolder(folder + "/1_Pooling"))
    }
    try write(
      ["pooling_mode": .string(pooling == .cls ? "cls" : "mean")], to: folder + "/1_Pooling/config.json")
  }
}
