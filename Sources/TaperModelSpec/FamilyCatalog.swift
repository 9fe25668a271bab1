/// The families compiled into this binary. A file in specs/models that is missing here fails a test.
enum FamilyCatalog {
  static let descriptions: [FamilyDescription] = [
    ("bert.json", PackageResources.bert_json),
    ("mpnet.json", PackageResources.mpnet_json),
  ].map { (name, bytes) in
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
