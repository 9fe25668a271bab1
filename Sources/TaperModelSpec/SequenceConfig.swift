import TaperJSON

/// The Transformer module's own settings: sentence_bert_config.json, or the name that older versions gave it.
struct SequenceConfig {
  static let names =
    ["bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet"]
    .map { "sentence_\($0)_config.json" }

  let file: JSONFile
  /// What the transformer was saved for.
  let task: Task
  /// In tokens; nil: not stated here.
  let maximumLength: Int?

  enum Task: String, CaseIterable {
    case embedding = "feature-extraction"
    case classification = "sequence-classification"
    case maskedLanguage = "fill-mask"
  }

  /// nil when the directory has none of the files.
  /// - Parameters:
  ///   - standard: what it is for unless it says.
  ///   - isMultiVector: whether it may say how queries and documents are taken.
  init?(directory: String, standard: Task, isMultiVector: Bool) throws(ModelSpecError) {
    guard let file = try Self.file(in: directory) else { return nil }
    self.file = file
    let name = file.member("transformer_task")?.string ?? standard.rawValue
    guard let task = Task(rawValue: name) else {
      throw file.failure(
        "transformer_task", expected: Task.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " or "),
        file.value["transformer_task"])
    }
    self.task = task
    var length: Int?
    // Arguments that the reference hands to the tokenizer and to the configuration, under old and new names.
    for key in ["tokenizer_args", "processor_kwargs", "config_args", "config_kwargs"] {
      guard let arguments = try JSONFile(ifPresent: key, in: file) else { continue }
      for (name, value) in arguments.value.object?.members ?? [] where !Self.harmless.contains(name) {
        guard name == "model_max_length", key == "tokenizer_args" || key == "processor_kwargs" else {
          throw arguments.failure(name, expected: "nothing: Taper does not know what it changes", value)
        }
        length = try arguments.integer(name, in: 1...Int(Int32.max))
      }
    }
    for key in ["query_length", "document_length", "query_expansion"]
    where file.member(key) != nil && !isMultiVector {
      throw file.failure(
        key, expected: "nothing for a model that gives a text one vector", file.member(key))
    }
    if let processing = file.member("processing_kwargs"), processing.object?.members.isEmpty != true {
      throw file.failure("processing_kwargs", expected: "nothing: they change how texts are cut", processing)
    }
    try Self.checkOutputs(file, of: task)
    // `max_seq_length` yields to an argument of the tokenizer.
    if length == nil, file.member("max_seq_length") != nil {
      length = try file.integer("max_seq_length", in: 1...Int(Int32.max))
    }
    maximumLength = length
  }

  /// Which of the transformer's outputs the next module reads: the last states, or a classifier's logits.
  private static func checkOutputs(_ file: JSONFile, of task: Task) throws(ModelSpecError) {
    let (state, name) =
      switch task {
      case .embedding: ("last_hidden_state", "token_embeddings")
      case .classification: ("logits", "scores")
      case .maskedLanguage: ("logits", "token_embeddings")
      }
    if let output = file.member("module_output_name"), output.string != name {
      throw file.failure("module_output_name", expected: "\"\(name)\"", output)
    }
    guard let text = file.member("modality_config")?["text"] else { return }
    for (key, value) in [("method", "forward"), ("method_output_name", state)] {
      if let found = text[key], !found.isNull, found.string != value {
        throw file.failure("modality_config.text.\(key)", expected: "\"\(value)\"", found)
      }
    }
  }

  /// nil when the directory has none of the files.
  static func file(in directory: String) throws(ModelSpecError) -> JSONFile? {
    for name in names {
      // An empty one counts as absent, as in the reference.
      if let file = try JSONFile(ifPresent: "\(directory)/\(name)"),
        file.value.object?.members.isEmpty == false
      {
        return file
      }
    }
    return nil
  }

  /// Where files come from and how they are loaded.
  private static let harmless: Set<String> = [
    "use_fast", "revision", "token", "cache_dir", "local_files_only", "subfolder", "trust_remote_code",
    "clean_up_tokenization_spaces", "add_pooling_layer",
  ]
}

/// config_sentence_transformers.json: the prompts of an embedder, the activation of a cross-encoder.
struct SentenceSettings {
  let file: JSONFile
  let prompts: [(name: String, text: String)]
  let defaultPrompt: String?
  /// A class of PyTorch by its dotted name; nil: the default.
  let activation: String?

  static let name = "config_sentence_transformers.json"

  /// nil when the directory has none.
  init?(directory: String) throws(ModelSpecError) {
    guard let file = try JSONFile(ifPresent: "\(directory)/\(Self.name)") else { return nil }
    self.file = file
    prompts = file.member("prompts") == nil ? [] : try file.stringMap("prompts").map { ($0.key, $0.value) }
    defaultPrompt = file.member("default_prompt_name") == nil ? nil : try file.string("default_prompt_name")
    if let dimensions = file.member("truncate_dim") {
      throw file.failure(
        "truncate_dim",
        expected: "nothing; take it out, and run plans that give a text one vector with --dimensions "
          + dimensions.serialized(),
        dimensions)
    }
    if let count = file.member("max_active_dims") {
      throw file.failure(
        "max_active_dims", expected: "nothing; take it out, and run plans with --top-k \(count.serialized())",
        count)
    }
    activation = file.member("activation_fn") == nil ? nil : try file.string("activation_fn")
    if let defaultPrompt, !prompts.contains(where: { $0.name == defaultPrompt }) {
      throw file.failure(
        "default_prompt_name", expected: "one of \(prompts.map(\.name).joined(separator: ", "))",
        .string(defaultPrompt))
    }
  }
}
