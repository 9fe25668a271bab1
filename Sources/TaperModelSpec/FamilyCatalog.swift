/// The families compiled into this binary. A file in specs/models that is missing here fails a test.
package enum FamilyCatalog {
  package static let files: [(name: String, bytes: [UInt8])] = [
    ("bert.json", PackageResources.bert_json),
    ("mpnet.json", PackageResources.mpnet_json),
  ]

  static let descriptions: [FamilyDescription] = files.map { (name, bytes) in
    do {
      return try FamilyDescription(JSONFile(path: "specs/models/\(name)", bytes: bytes))
    } catch {
      preconditionFailure("\(error)")
    }
  }

  static func description(modelType: String) -> FamilyDescription? {
    descriptions.first { $0.modelTypes.contains(modelType) }
  }
}
