public import TaperJSON

/// What differs between two JSON documents of one kind: two plans, or two audits.
///
/// Members are compared by key. Elements of an array are compared by what names them (a key of `names` that every
/// element has, no two alike), else by place; arrays of plain values as a whole. Times and numbers that are not whole
/// may differ by a tolerance; whole numbers, words and presence may not.
public struct DocumentDiff: Sendable {
  public struct Change: Hashable, Sendable {
    /// From the document's top down, in words: ["predictions", "128 tokens", "predicted_ns"].
    public var path: [String]
    /// Nil where one document has nothing.
    public var a: JSONValue?
    public var b: JSONValue?

    /// b / a − 1 of numbers; nil for others, and from zero.
    public var relative: Double? {
      guard let a = a?.double, let b = b?.double, a != 0 else { return nil }
      return b / a - 1
    }
  }

  /// In the order of the documents.
  public private(set) var changes: [Change] = []
  private let tolerance: Double

  /// Keys that name an element, best first, with the word shown with their value.
  private static let names = [
    ("tokens", "tokens"), ("layer", "layer"), ("index", "op"), ("op", "op"), ("name", ""),
  ]

  /// - Parameter tolerance: largest |relative| of times and of numbers that are not whole.
  public init(_ a: JSONValue, _ b: JSONValue, tolerance: Double = 0) {
    self.tolerance = tolerance
    compare(a, b, [])
  }

  private mutating func compare(_ a: JSONValue, _ b: JSONValue, _ path: [String]) {
    switch (a, b) {
    case (.object(let a), .object(let b)):
      for (key, value) in a.members { compare(value, b[key], path + [key]) }
      for (key, value) in b.members where a[key] == nil { compare(JSONValue?.none, value, path + [key]) }
    case (.array(let a), .array(let b)) where (a + b).contains { $0.object != nil || $0.array != nil }:
      compare(a, b, path)
    default:
      if a != b, !isWithin(a, b, path) { changes.append(Change(path: path, a: a, b: b)) }
    }
  }

  private mutating func compare(_ a: JSONValue?, _ b: JSONValue?, _ path: [String]) {
    if let a, let b { return compare(a, b, path) }
    changes.append(Change(path: path, a: a, b: b))
  }

  private mutating func compare(_ a: [JSONValue], _ b: [JSONValue], _ path: [String]) {
    let name = Self.names.first { key, _ in
      [a, b].allSatisfy { elements in
        let values = elements.compactMap { $0[key] }
        return values.count == elements.count && Set(values).count == values.count
      }
    }
    func label(_ element: JSONValue, _ place: Int) -> String {
      guard let (key, word) = name, let value = element[key] else { return "\(place + 1)." }
      let text = value.string ?? value.serialized()
      return word.isEmpty ? text : word == "tokens" ? "\(text) tokens" : "\(word) \(text)"
    }
    func labelled(_ elements: [JSONValue]) -> JSONObject {
      JSONObject(elements.enumerated().map { (label($1, $0), $1) })
    }
    compare(.object(labelled(a)), .object(labelled(b)), path)
  }

  private func isWithin(_ a: JSONValue, _ b: JSONValue, _ path: [String]) -> Bool {
    guard let first = a.double, let second = b.double else { return false }
    var isWhole = false
    if case (.integer, .integer) = (a, b) { isWhole = true }
    if isWhole, path.last?.hasSuffix("_ns") != true { return false }
    return abs(second - first) <= tolerance * abs(first)
  }
}
