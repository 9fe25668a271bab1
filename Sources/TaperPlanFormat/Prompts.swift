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

  /// A text with the default prompt before it.
  public func before(_ text: String) -> String {
    guard let defaultName, let prompt = self.text(named: defaultName) else { return text }
    return prompt + text
  }

  /// Makes the prompt of this name the default; false, with nothing changed, when there is none.
  public mutating func choose(_ name: String) -> Bool {
    guard text(named: name) != nil else { return false }
    defaultName = name
    return true
  }

  /// For messages; "none" when there are none.
  public var names: String { all.isEmpty ? "none" : all.map(\.name).joined(separator: ", ") }

  /// nil when there is none of this name.
  public func text(named name: String) -> String? { all.first { $0.name == name }?.text }
}
