/// Texts that a model wants before every input text, by name: an embedder's "query: " and "passage: ".
public struct Prompts: Hashable, Sendable {
  public struct Prompt: Hashable, Sendable {
    public var name: String
    public var text: String

    public init(name: String, text: String) {
      self.name = name
      self.text = text
    }
  }

  /// In the model's order, each name once.
  public var all: [Prompt]
  /// The name of the one that is used unless another is asked for; nil: none.
  public var defaultName: String?

  public init(_ all: [Prompt] = [], defaultName: String? = nil) {
    self.all = all
    self.defaultName = defaultName
  }

  public var isEmpty: Bool { all.isEmpty }

  /// Whether some prompt has a text: many models name prompts that have none.
  public var changeTexts: Bool { all.contains { !$0.text.isEmpty } }

  /// A text with the default prompt before it.
  public func before(_ text: String) -> String {
    guard let defaultName, let prompt = self.text(named: defaultName) else { return text }
    return prompt + text
  }

  /// These prompts with the chosen one as the default; nil when there is none of its name.
  public func choosing(_ choice: PromptChoice) -> Prompts? {
    switch choice {
    case .modelDefault: self
    case .none: Prompts(all)
    case .named(let name): text(named: name) == nil ? nil : Prompts(all, defaultName: name)
    }
  }

  /// For messages; "none" when there are none.
  public var names: String { all.isEmpty ? "none" : all.map(\.name).joined(separator: ", ") }

  /// nil when there is none of this name.
  public func text(named name: String) -> String? { all.first { $0.name == name }?.text }
}

/// What is asked to go before every text.
public enum PromptChoice: Hashable, Sendable {
  /// The model's default prompt, if it has one.
  case modelDefault
  case none
  case named(String)

  /// The name that was asked for; empty where none was.
  public var name: String { if case .named(let name) = self { name } else { "" } }
}
