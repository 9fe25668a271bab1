import Foundation
import TaperJSON
import TaperTokenization

/// The fixtures that tools/reference/make-tokenizer-fixtures.py writes.
enum Fixture {
  static let directory = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

  static func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: directory.appending(path: name)))
  }

  /// The lines of vocabulary.txt.
  static func vocabulary() throws -> [String] {
    String(decoding: try bytes("vocabulary.txt"), as: UTF8.self).split(separator: "\n").map(String.init)
  }

  static func configurations() throws -> [Configuration] {
    let vocabulary = try vocabulary()
    guard let list = try JSONValue.parse(try bytes("configurations.json")).array else { return [] }
    return try list.map { try Configuration($0, vocabulary: vocabulary) }
  }

  static func configuration(_ name: String) throws -> Configuration {
    guard let found = try configurations().first(where: { $0.name == name }) else {
      throw Missing(what: name)
    }
    return found
  }

  struct Missing: Error { var what: String }
}

/// What the reference makes of a text: what an `Encoding` is compared with.
struct Reference: Equatable {
  var ids: [UInt32]
  var typeIDs: [UInt32]
  var offsets: [TokenOffset]

  init(_ value: JSONValue) throws {
    let numbers = try ["ids", "type_ids", "offsets"].map { key in
      guard let array = value[key]?.array else { throw Fixture.Missing(what: key) }
      return array.compactMap(\.int).map(UInt32.init)
    }
    ids = numbers[0]
    typeIDs = numbers[1]
    offsets = stride(from: 0, to: numbers[2].count, by: 2).map {
      TokenOffset(begin: numbers[2][$0], end: numbers[2][$0 + 1])
    }
  }

  init(_ encoding: Encoding) {
    ids = encoding.ids
    typeIDs = encoding.typeIDs
    offsets = encoding.offsets
  }
}

/// One tokenizer.json, with the small vocabulary put in, and texts with what the reference makes of them.
struct Configuration {
  var name: String
  var refusesSpecialTokens: Bool
  var tokens: [String]
  var json: JSONValue
  var texts: [Text]

  struct Text {
    var text: String
    var pair: String?
    var maximum: Int
    var expected: Reference
    var truncated: Bool
  }

  init(_ value: JSONValue, vocabulary: [String]) throws {
    func need<Value>(_ value: Value?, _ what: String) throws -> Value {
      guard let value else { throw Fixture.Missing(what: what) }
      return value
    }
    name = try need(value["name"]?.string, "name")
    refusesSpecialTokens = try need(value["refusesSpecialTokens"]?.bool, "refusesSpecialTokens")
    let before = try need(value["before"]?.array, "before").compactMap(\.string)
    let after = try need(value["after"]?.array, "after").compactMap(\.string)
    tokens = before + vocabulary + after
    var ids = JSONObject()
    for (id, token) in tokens.enumerated() { ids[token] = JSONValue(id) }
    var model = try need(value["tokenizer"]?["model"]?.object, "model")
    model["vocab"] = .object(ids)
    var tokenizer = try need(value["tokenizer"]?.object, "tokenizer")
    tokenizer["model"] = .object(model)
    json = .object(tokenizer)
    texts = try need(value["texts"]?.array, "texts").map { text in
      return Text(
        text: try need(text["text"]?.string, "text"), pair: text["pair"]?.string,
        maximum: try need(text["maximum"]?.int, "maximum"),
        expected: try Reference(text), truncated: try need(text["truncated"]?.bool, "truncated"))
    }
  }

  func tokenizer() throws -> Tokenizer {
    var tokenizer = try Tokenizer(tokenizerJSON: json)
    tokenizer.allowsSpecialTokensInText = !refusesSpecialTokens
    return tokenizer
  }
}
