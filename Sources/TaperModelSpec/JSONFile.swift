import TaperBase
import TaperJSON

/// A JSON file and typed access to its members. Every error names the file, the key, what was expected and what was
/// found.
struct JSONFile {
  /// Far above any configuration's size: an index of 100,000 sharded tensors fits, and a tokenizer of a million pieces.
  static let sizeLimit = 64 << 20

  let path: String
  /// Of the whole file, also when `value` is an object inside it.
  let bytes: [UInt8]
  let value: JSONValue
  /// The keys that lead to `value`, each followed by a dot: "taper.halting."; empty for the whole file.
  let keyPath: String

  init(path: String) throws(ModelSpecError) {
    try self.init(path: path, bytes: Self.read(path))
  }

  /// A whole file of a size that a configuration or a vocabulary may have.
  static func read(_ path: String) throws(ModelSpecError) -> [UInt8] {
    try ModelSpecError.wrapping(try WholeFile.read(path, limit: sizeLimit, regularOnly: true))
  }

  /// nil when there is no such file.
  init?(ifPresent path: String) throws(ModelSpecError) {
    guard FilePath.exists(path) else { return nil }
    try self.init(path: path)
  }

  init(path: String, bytes: [UInt8]) throws(ModelSpecError) {
    self.path = path
    self.bytes = bytes
    keyPath = ""
    do throws(JSONError) { value = try JSONValue.parse(bytes, accepting: .nonFiniteNumbers) } catch {
      if let content = ForeignContent(bytes.prefix(64)) { throw .foreignContent(path: path, content) }
      throw .json(path: path, error: error)
    }
  }

  /// The object that is the member `key`; nil when there is none.
  init?(ifPresent key: String, in file: JSONFile) throws(ModelSpecError) {
    guard let member = file.member(key) else { return nil }
    guard member.object != nil else { throw file.failure(key, expected: "an object", member) }
    path = file.path
    bytes = file.bytes
    value = member
    keyPath = "\(file.keyPath)\(key)."
  }

  func failure(_ key: String, expected: String, _ found: JSONValue?) -> ModelSpecError {
    .value(path: path, key: keyPath + key, expected: expected, found: found.map(Self.show) ?? "nothing")
  }

  /// The member; nil when absent or null, since configurations write null for "not set".
  func member(_ key: String) -> JSONValue? {
    guard let member = value[key], !member.isNull else { return nil }
    return member
  }

  /// The member at a path of keys with dots between them; nil as `member`.
  func member(path: String) -> JSONValue? {
    var found: JSONValue? = value
    for key in path.split(separator: ".") { found = found?[String(key)] }
    return found.flatMap { $0.isNull ? nil : $0 }
  }

  func integer(_ key: String, in range: ClosedRange<Int>) throws(ModelSpecError) -> Int {
    guard let found = member(key)?.int, range.contains(found) else {
      throw failure(key, expected: "an integer in \(range.lowerBound)...\(range.upperBound)", value[key])
    }
    return found
  }

  func number(_ key: String, in range: ClosedRange<Double>) throws(ModelSpecError) -> Double {
    guard let found = member(key)?.double, range.contains(found) else {
      throw failure(key, expected: "a number in \(range.lowerBound)...\(range.upperBound)", value[key])
    }
    return found
  }

  /// An array of `count` numbers or more.
  func numbers(_ key: String, atLeast count: Int, in range: ClosedRange<Double>) throws(ModelSpecError)
    -> [Double]
  {
    let expected = "an array of \(count) or more numbers in \(range.lowerBound)...\(range.upperBound)"
    guard let elements = member(key)?.array, elements.count >= count else {
      throw failure(key, expected: expected, value[key])
    }
    var numbers: [Double] = []
    for element in elements {
      guard let number = element.double, range.contains(number) else {
        throw failure(key, expected: expected, element)
      }
      numbers.append(number)
    }
    return numbers
  }

  /// As `numbers`, of whole numbers.
  func integers(_ key: String, atLeast count: Int, in range: ClosedRange<Int>) throws(ModelSpecError) -> [Int]
  {
    let bounds = Double(range.lowerBound)...Double(range.upperBound)
    var integers: [Int] = []
    for number in try numbers(key, atLeast: count, in: bounds) {
      guard let integer = Int(exactly: number) else {
        throw failure(key, expected: "whole numbers", .number(number))
      }
      integers.append(integer)
    }
    return integers
  }

  func string(_ key: String) throws(ModelSpecError) -> String {
    guard let found = member(key)?.string else { throw failure(key, expected: "a string", value[key]) }
    return found
  }

  func bool(_ key: String) throws(ModelSpecError) -> Bool {
    guard let found = member(key)?.bool else { throw failure(key, expected: "true or false", value[key]) }
    return found
  }

  func strings(_ key: String) throws(ModelSpecError) -> [String] {
    guard let elements = member(key)?.array else {
      throw failure(key, expected: "an array of strings", value[key])
    }
    var strings: [String] = []
    for element in elements {
      guard let string = element.string else { throw failure(key, expected: "an array of strings", element) }
      strings.append(string)
    }
    return strings
  }

  /// Refuses duplicate labels: answers name their labels, and accuracy is computed by name.
  func requireDistinct(_ labels: [String], _ key: String) throws(ModelSpecError) {
    var seen: Set<String> = []
    for label in labels where !seen.insert(label).inserted {
      throw failure(key, expected: "distinct labels; give each class a name of its own", .string(label))
    }
  }

  /// An object of strings, in order.
  func stringMap(_ key: String) throws(ModelSpecError) -> [(key: String, value: String)] {
    guard let object = member(key)?.object else {
      throw failure(key, expected: "an object of strings", value[key])
    }
    var map: [(key: String, value: String)] = []
    for (name, element) in object.members {
      guard let string = element.string else {
        throw failure("\(key).\(name)", expected: "a string", element)
      }
      map.append((name, string))
    }
    return map
  }

  /// A scalar's text, or the kind of an array or object.
  private static func show(_ value: JSONValue) -> String {
    switch value {
    case .array, .object: value.kindDescription
    default: String(value.serialized().prefix(80))
    }
  }
}
