import TaperBase
import TaperJSON

/// What tokenizer_config.json, special_tokens_map.json and added_tokens.json say about a tokenizer, as transformers
/// (version 5) reads them.
struct TokenizerSettings {
  /// The classes of transformers that build their tokenizer themselves: of tokenizer.json they take the vocabulary, the
  /// merges and the character map only, and the rest from tokenizer_config.json. Every other class takes all of it.
  enum Builder: Hashable {
    case bert, mpnet, roberta, xlmRoberta, camembert, albert, deberta, debertaV2

    init?(className: String) {
      let name = className.hasSuffix("Fast") ? String(className.dropLast(4)) : className
      switch name {
      case "BertTokenizer", "DistilBertTokenizer": self = .bert
      case "MPNetTokenizer": self = .mpnet
      case "RobertaTokenizer": self = .roberta
      case "XLMRobertaTokenizer": self = .xlmRoberta
      case "CamembertTokenizer": self = .camembert
      case "AlbertTokenizer": self = .albert
      case "DebertaTokenizer": self = .deberta
      case "DebertaV2Tokenizer": self = .debertaV2
      default: return nil
      }
    }

    /// The class of a model whose files name none.
    init?(modelType: String) {
      switch modelType {
      case "bert", "distilbert", "electra", "nomic_bert": self = .bert
      case "mpnet": self = .mpnet
      case "roberta": self = .roberta
      case "xlm-roberta": self = .xlmRoberta
      case "camembert": self = .camembert
      case "albert": self = .albert
      case "deberta": self = .deberta
      case "deberta-v2": self = .debertaV2
      default: return nil
      }
    }

    /// The names of the special tokens when no file names them.
    var defaults: [String: String] {
      switch self {
      case .bert, .deberta:
        [
          "unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]",
          "mask_token": "[MASK]",
        ].merging(self == .deberta ? ["bos_token": "[CLS]", "eos_token": "[SEP]"] : [:]) { first, _ in first }
      case .mpnet:
        [
          "bos_token": "<s>", "eos_token": "</s>", "sep_token": "</s>", "cls_token": "<s>",
          "unk_token": "[UNK]", "pad_token": "<pad>", "mask_token": "<mask>",
        ]
      case .roberta, .xlmRoberta, .camembert:
        [
          "bos_token": "<s>", "eos_token": "</s>", "sep_token": "</s>", "cls_token": "<s>",
          "unk_token": "<unk>", "pad_token": "<pad>", "mask_token": "<mask>",
        ]
      case .albert:
        [
          "bos_token": "[CLS]", "eos_token": "[SEP]", "unk_token": "<unk>", "sep_token": "[SEP]",
          "pad_token": "<pad>", "cls_token": "[CLS]", "mask_token": "[MASK]",
        ]
      case .debertaV2:
        [
          "bos_token": "[CLS]", "eos_token": "[SEP]", "unk_token": "[UNK]", "sep_token": "[SEP]",
          "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]",
        ]
      }
    }
  }

  /// In transformers' order.
  static let tokenNames = [
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
  ]

  let builder: Builder?
  private let config: JSONFile?
  private let map: JSONFile?
  /// added_tokens.json: from token to id.
  let addedTokens: JSONFile?

  init(directory: String) throws(ModelSpecError) {
    config = try JSONFile(ifPresent: "\(directory)/tokenizer_config.json")
    // Where tokenizer_config.json lists the added tokens, the two older files are not read.
    let isOld = config?.member("added_tokens_decoder") == nil
    map = isOld ? try JSONFile(ifPresent: "\(directory)/special_tokens_map.json") : nil
    addedTokens = isOld ? try JSONFile(ifPresent: "\(directory)/added_tokens.json") : nil
    let model = try JSONFile(ifPresent: "\(directory)/config.json")
    let modelType = model?.member("model_type")?.string ?? ""
    if modelType == "modernbert" {
      builder = nil  // its files name classes that transformers knows to be wrong
    } else if let name = config?.member("tokenizer_class")?.string ?? model?.member("tokenizer_class")?.string
    {
      builder = Builder(className: name)
    } else {
      builder = Builder(modelType: modelType)
    }
  }

  func flag(_ key: String, default fallback: Bool) throws(ModelSpecError) -> Bool {
    try flag(key) ?? fallback
  }

  /// nil when the file does not say.
  func flag(_ key: String) throws(ModelSpecError) -> Bool? {
    guard let config, config.member(key) != nil else { return nil }
    return try config.bool(key)
  }

  /// Whether the model is told which of two texts a token is of: what the file lists as its inputs, else what the class
  /// gives. transformers' general class gives no types.
  func givesTypes() throws(ModelSpecError) -> Bool {
    guard let config else { return true }
    if config.member("model_input_names") != nil {
      return try config.strings("model_input_names").contains("token_type_ids")
    }
    return !["PreTrainedTokenizerFast", "TokenizersBackend"].contains(
      config.member("tokenizer_class")?.string)
  }

  func truncatesLeft() throws(ModelSpecError) -> Bool {
    guard let config, let side = config.member("truncation_side") else { return false }
    switch side.string {
    case "left": return true
    case "right": return false
    default: throw config.failure("truncation_side", expected: "\"left\" or \"right\"", side)
    }
  }

  /// A special token as its file has it: a string or an object.
  func token(_ name: String) -> JSONValue? {
    if let value = map?.member(name) ?? config?.member(name) { return value }
    return builder?.defaults[name].map { .string($0) }
  }

  func content(_ name: String) -> String? {
    guard let token = token(name) else { return nil }
    return token.string ?? token["content"]?.string
  }

  /// Special tokens beyond the named ones.
  var furtherTokens: [JSONValue] {
    for key in ["extra_special_tokens", "additional_special_tokens"] {
      guard let found = map?.member(key) ?? config?.member(key) else { continue }
      // A list, or an object of tokens by a name of their own.
      if let list = found.array ?? found.object?.members.map(\.value) { return list }
    }
    return []
  }

  /// The added tokens that tokenizer_config.json lists, by id; nil when it lists none.
  func listedTokens() throws(ModelSpecError) -> [(id: Int, token: JSONObject)]? {
    guard let config, let decoder = config.member("added_tokens_decoder") else { return nil }
    guard let members = decoder.object?.members else {
      throw config.failure("added_tokens_decoder", expected: "an object", decoder)
    }
    var tokens: [(id: Int, token: JSONObject)] = []
    for (key, value) in members {
      guard let id = Int(key), id >= 0, let token = value.object, token["content"]?.string != nil else {
        throw config.failure("added_tokens_decoder.\(key)", expected: "a token with its content", value)
      }
      tokens.append((id, token))
    }
    return tokens.sorted { $0.id < $1.id }
  }
}
