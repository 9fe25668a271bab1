import TaperBase
import TaperJSON
package import TaperPlanFormat

/// What a model folder without weights says of them: the encoder, and how a checkpoint of it names its tensors. For
/// those that write weights into a folder.
package struct CheckpointLayout {
  package struct Entry {
    package var role: TensorRole
    /// In the file.
    package var name: String
    /// The tensor's rows are cut into equal parts, and the role is one of them, from 0.
    package var part: Int
    package var parts: Int
    /// Of the role.
    package var shape: [Int]
    package var isOptional: Bool
  }

  package let family: String
  package let shape: ModelShape
  package let form: EncoderForm
  package let activation: Activation
  package let layerNormEpsilon: Float
  /// Rows of the position table; 0 where the model has none.
  package let positionRows: Int
  package let positionOffset: Int
  package let hasRelativeBias: Bool
  package let head: HeadSpec
  /// Optional ones that the model lacks are left out.
  package let entries: [Entry]
  private let reader: ConfigReader

  /// The key of config.json that says a quantity of specs/models.
  package func key(_ quantity: String) -> String { reader.key(quantity) }

  /// config.json's value of it, as it stands there.
  package func value(_ quantity: String) -> String { reader.value(quantity)?.serialized() ?? "nothing" }

  package init(directory: String) throws(ModelSpecError) {
    let modules = try SentenceModules(directory: directory)
    let base = modules?.transformerDirectory ?? directory
    let file = try JSONFile(path: base + "/config.json")
    let config = try EncoderConfig(file, isEmbedder: modules.map { $0.task != .classification } ?? false)
    let sentence = try modules?.head(hidden: Int(config.shape.hidden))
    let head = try ModelSpec.headSpec(config, file, sentence, modules, SentenceSettings(directory: directory))
    reader = ConfigReader(file: file, family: config.family)
    let hasTable = try reader.hasPositionTable(config.form)
    let list = TensorList(config, hasPositionTable: hasTable, head: head, fitted: false)
    var entries: [Entry] = []
    for entry in list.entries {
      if entry.isOptional, !(try reader.has(entry)) { continue }
      let prefix = config.family.prefixes.first ?? ""
      guard let pattern = entry.pattern,
        let name = try reader.names(of: entry, layers: list.layers, prefix: prefix).first
      else { throw .tensorMissing(path: base, tensor: entry.role.rawValue, tried: []) }
      entries.append(
        Entry(
          role: entry.role, name: name, part: pattern.part, parts: pattern.parts, shape: entry.shape,
          isOptional: entry.isOptional))
    }
    self.entries = entries
    self.head = head
    family = config.family.family
    shape = config.shape
    form = config.form
    activation = config.activation
    layerNormEpsilon = config.layerNormEpsilon
    positionRows = hasTable ? config.positions : 0
    positionOffset = config.family.positionOffset
    hasRelativeBias = config.relativeBias != nil
  }
}
