import TaperJSON
import TaperPlanFormat

/// Quantities of config.json under the keys that the family's description gives.
struct ConfigReader {
  let file: JSONFile
  let family: FamilyDescription

  /// The key under which the quantity is, or would be.
  func key(_ quantity: String) -> String {
    let keys = family.config[quantity]?.keys ?? []
    return keys.first { file.member(path: $0) != nil } ?? keys.first ?? quantity
  }

  func value(_ quantity: String) -> JSONValue? {
    guard let entry = family.config[quantity] else { return nil }
    return entry.keys.isEmpty ? entry.defaultValue : file.member(path: key(quantity)) ?? entry.defaultValue
  }

  func integer(_ quantity: String, in range: ClosedRange<Int>) throws(ModelSpecError) -> Int {
    let found = value(quantity)
    guard let size = found?.int, range.contains(size) else {
      throw file.failure(
        key(quantity), expected: "an integer in \(range.lowerBound)...\(range.upperBound)", found)
    }
    return size
  }

  func string(_ quantity: String) throws(ModelSpecError) -> String {
    let found = value(quantity)
    guard let text = found?.string else { throw file.failure(key(quantity), expected: "a string", found) }
    return text
  }

  func bool(_ quantity: String) throws(ModelSpecError) -> Bool {
    let found = value(quantity)
    guard let flag = found?.bool else { throw file.failure(key(quantity), expected: "true or false", found) }
    return flag
  }

  /// Whether a model has the tensor: its condition names a quantity that must be true, above zero, or a word other than
  /// `none`.
  func holds(_ condition: String?) throws(ModelSpecError) -> Bool {
    guard let condition else { return true }
    if let count = value(condition)?.int { return count > 0 }
    if let word = value(condition)?.string { return word != "none" }
    return try bool(condition)
  }

  /// Whether a model has the optional tensor.
  func has(_ entry: TensorList.Entry) throws(ModelSpecError) -> Bool {
    guard let pattern = entry.pattern, (entry.layer ?? 1) >= pattern.firstLayer else { return false }
    return try holds(pattern.condition)
  }

  /// The names that a tensor may have, the current one first; none where the description has no pattern.
  /// - Parameter layers: of the whole encoder.
  func names(
    of entry: TensorList.Entry, layers: Int, prefix: String
  ) throws(ModelSpecError) -> [String] {
    guard var name = entry.pattern?.name else { return [] }
    if let layer = entry.layer { name = try self.name(name, layer: layer, of: layers) }
    return family.names(name, prefix: prefix)
  }

  /// Whether positions are embedded: where the description says how, unless its condition does not hold.
  func hasPositionTable(_ form: EncoderForm) throws(ModelSpecError) -> Bool {
    guard let table = family.tensors[.positionEmbedding] else { return !form.usesPositions }
    return try holds(table.condition)
  }

  /// Rows of the token-type table; 0 in families without one, and in models without one where the family has both.
  func tokenTypes() throws(ModelSpecError) -> Int {
    guard let table = family.tensors[.tokenTypeEmbedding] else { return 0 }
    return try integer("token_types", in: (table.condition == nil ? 1 : 0)...65536)
  }

  func activation(_ quantity: String) throws(ModelSpecError) -> Activation {
    let found = value(quantity)
    switch found?.string {
    case "gelu", "gelu_python": return .gelu
    case "gelu_new", "gelu_pytorch_tanh": return .geluTanh
    case "relu": return .relu
    case "silu", "swish": return .silu
    case "tanh": return .tanh
    // The name says that the block is gated, which the description says too.
    case "swiglu" where family.isGated: return .silu
    case "geglu" where family.isGated: return .gelu
    default:
      throw file.failure(
        key(quantity),
        expected: "one of gelu, gelu_python, gelu_new, gelu_pytorch_tanh, relu, silu, swish, tanh", found)
    }
  }

  func epsilon() throws(ModelSpecError) -> Float {
    let found = value("layer_norm_epsilon")
    guard let epsilon = found?.double, epsilon >= 0, epsilon <= 1 else {
      throw file.failure(key("layer_norm_epsilon"), expected: "a number in 0...1", found)
    }
    return Float(epsilon)
  }

  func relativeBias() throws(ModelSpecError) -> RelativeBiasSpec? {
    guard let distance = family.relativeBiasMaximumDistance else { return nil }
    let buckets = try integer("relative_buckets", in: 4...2 * distance)
    guard buckets % 4 == 0 else {
      throw file.failure(
        key("relative_buckets"), expected: "a multiple of 4", .integer(Int64(buckets)))
    }
    return RelativeBiasSpec(buckets: buckets, maximumDistance: distance)
  }
}

extension ConfigReader {
  /// What the description and config.json say of the encoder's form.
  func form(_ shape: ModelShape, layersInGroup: Int) throws(ModelSpecError) -> EncoderForm {
    let (hidden, count) = (Int(shape.hidden), Int(shape.layers))
    var form = EncoderForm(hidden: hidden, layers: count)
    if value("embedding") != nil { form.embeddingWidth = try integer("embedding", in: 1...65536) }
    form.normalizesFirst = family.normalizesFirst
    form.isGated = family.isGated
    if let projection = family.tensors[.embeddingProjectionWeight] {
      form.projectsEmbeddings = projection.condition == nil || form.embeddingWidth != hidden
    } else if form.embeddingWidth != hidden {
      throw file.failure(key("embedding"), expected: "the hidden size \(hidden)", value("embedding"))
    }
    if let size = value("head_size"), size.int != hidden / Int(shape.heads) {
      throw file.failure(
        key("head_size"), expected: "the hidden size by heads, \(hidden / Int(shape.heads))", size)
    }
    form.disentangled = try disentangled()
    try shareLayers(&form, layersInGroup: layersInGroup)
    try placeAttention(&form, headSize: hidden / Int(shape.heads))
    return form
  }

  /// ALBERT: the model's layers are cut into groups of one set of weights each. A set is `layersInGroup` layers one
  /// after the other, and is run once for each of the configured layers.
  private func shareLayers(_ form: inout EncoderForm, layersInGroup: Int) throws(ModelSpecError) {
    guard family.config["layer_groups"] != nil else { return }
    let rounds = form.layers.count / layersInGroup
    let groups = try integer("layer_groups", in: 1...rounds)
    for layer in form.layers.indices {
      let place = groupPlace(ofLayer: layer + 1, rounds: rounds, groups: groups, layersInGroup: layersInGroup)
      let first = form.layers.indices.first {
        groupPlace(ofLayer: $0 + 1, rounds: rounds, groups: groups, layersInGroup: layersInGroup) == place
      }
      form.layers[layer].storedAs = (first ?? layer) + 1
    }
  }

  private struct Place: Hashable {
    var group: Int
    var inner: Int
  }

  private func groupPlace(ofLayer layer: Int, rounds: Int, groups: Int, layersInGroup: Int) -> Place {
    let round = (layer - 1) / layersInGroup
    // As the reference divides.
    return Place(
      group: Int(Double(round) / (Double(rounds) / Double(groups))), inner: (layer - 1) % layersInGroup)
  }

  /// The pattern's name in `layer`, from 1, of a model of so many layers.
  func name(_ pattern: String, layer: Int, of count: Int) throws(ModelSpecError) -> String {
    var name = pattern.replacing("{layer}", with: String(layer - 1))
    guard family.config["layer_groups"] != nil else { return name }
    let inner = try integer("layers_in_group", in: 1...count)
    let groups = try integer("layer_groups", in: 1...count)
    let place = groupPlace(ofLayer: layer, rounds: count / inner, groups: groups, layersInGroup: inner)
    name.replace("{group}", with: String(place.group))
    name.replace("{inner}", with: String(place.inner))
    return name
  }

  /// Rotary angles and local windows of each layer.
  private func placeAttention(_ form: inout EncoderForm, headSize: Int) throws(ModelSpecError) {
    guard family.config["rotary_theta"] != nil else { return }
    guard headSize % 2 == 0 else {
      throw file.failure(
        key("heads"), expected: "an even number of columns for each head, for their rotary pairs",
        .integer(Int64(headSize)))
    }
    let theta = try rotaryTheta("rotary_theta")
    for layer in form.layers.indices { form.layers[layer].rotaryTheta = theta }
    guard family.config["local_attention"] != nil else { return }
    let window = try integer("local_attention", in: 0...1 << 20) / 2
    let localTheta = try rotaryTheta("local_rotary_theta")
    for (layer, isLocal) in try localLayers(form.layers.count).enumerated() where isLocal {
      form.layers[layer].window = window
      form.layers[layer].rotaryTheta = localTheta
    }
  }

  /// DeBERTa's relative positions.
  private func disentangled() throws(ModelSpecError) -> DisentangledSpec? {
    guard family.tensors[.positionRows] != nil else { return nil }
    guard try bool("relative_attention") else {
      throw file.failure(key("relative_attention"), expected: "true", value("relative_attention"))
    }
    guard let norm = value("position_norm")?.string, ["none", "layer_norm"].contains(norm) else {
      throw file.failure(key("position_norm"), expected: "\"none\" or \"layer_norm\"", value("position_norm"))
    }
    let kinds =
      value("position_terms")?.array?.compactMap(\.string) ?? value("position_terms")?.string?.lowercased()
      .split(separator: "|").map { String($0.filter { $0 != " " }) } ?? []
    guard Set(kinds) == ["c2p", "p2c"] else {
      throw file.failure(key("position_terms"), expected: "c2p and p2c", value("position_terms"))
    }
    let stated = try integer("position_reach", in: -1...65535)
    let reach = stated < 1 ? try integer("positions", in: 1...65535) : stated
    let buckets = try integer("position_buckets", in: -1...65535)
    if buckets > 0, buckets < 4 || reach - 1 <= buckets / 2 {
      throw file.failure(
        key("position_buckets"), expected: "at least 4, and less than twice the reach of \(reach)",
        .integer(Int64(buckets)))
    }
    return DisentangledSpec(
      span: buckets > 0 ? buckets : reach, buckets: buckets > 0 ? buckets : nil, maximumDistance: reach,
      sharesProjections: try bool("shared_position_projections"))
  }

  private func rotaryTheta(_ quantity: String) throws(ModelSpecError) -> Float {
    let found = value(quantity)
    guard let theta = found?.double, theta >= 1, theta <= 1e9 else {
      throw file.failure(key(quantity), expected: "a number in 1...1e9", found)
    }
    return Float(theta)
  }

  /// Whether each layer attends within a window: as a list says, or else all but every n-th.
  private func localLayers(_ count: Int) throws(ModelSpecError) -> [Bool] {
    guard let list = value("layer_types") else {
      let every = try integer("global_every", in: 1...1000)
      return (0..<count).map { $0 % every != 0 }
    }
    let names = list.array?.compactMap(\.string) ?? []
    guard names.count == count, names.allSatisfy({ ["full_attention", "sliding_attention"].contains($0) })
    else {
      throw file.failure(
        key("layer_types"),
        expected: "\"full_attention\" or \"sliding_attention\" for each of \(count) layers", list)
    }
    return names.map { $0 == "sliding_attention" }
  }
}
