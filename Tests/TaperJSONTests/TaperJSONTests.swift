import TaperJSON
import Testing

@Suite struct JSONTests {
  @Test(arguments: [
    "null", "true", "[]", "{}", "[1,2.5,-3]", "{\"b\":1,\"a\":{\"c\":[\"x\",null]}}",
    "\"\\\"\\\\\\n\\u0001é😀\"",
    "9223372036854775807", "1e-300",
  ])
  func readsWhatItWrites(text: String) throws {
    let value = try JSONValue.parse(text)
    #expect(value.serialized() == text)
    #expect(try JSONValue.parse(value.serialized(pretty: true)) == value)
  }

  @Test func numbersKeepTheirKind() throws {
    #expect(try JSONValue.parse("3") == .integer(3))
    #expect(try JSONValue.parse("3.0") == .number(3))
    #expect(try JSONValue.parse("3.0").int == 3)
    #expect(try JSONValue.parse("18446744073709551616") == .number(18_446_744_073_709_551_616))
    #expect(JSONValue.number(.nan).serialized() == "null")
  }

  @Test func decodesSurrogatePairs() throws {
    #expect(try JSONValue.parse("\"\\ud83d\\ude00\\u00e9\"").string == "😀é")
  }

  @Test(arguments: [
    "", " ", "{", "[1,", "[1,]", "{\"a\"}", "{\"a\":1,}", "{\"a\":1,\"a\":2}", "01", "1.", "-", "1e", "tru",
    "\"", "\"\\x\"",
    "\"\\ud83d\"", "\"\\ude00\"", "\"\u{01}\"", "1 2", "{1:2}", "1e999", "nullx",
  ])
  func refuses(text: String) {
    #expect(throws: JSONError.self) { try JSONValue.parse(text) }
  }

  @Test func refusesInvalidUTF8() {
    #expect(throws: JSONError.self) { try JSONValue.parse([0x22, 0xFF, 0x22]) }
  }

  @Test func boundsNesting() throws {
    let deep = String(repeating: "[", count: 100_000)
    #expect(throws: JSONError.tooDeep(offset: 65, limit: 64)) { try JSONValue.parse(deep) }
    let allowed = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
    #expect(try JSONValue.parse(allowed).array != nil)
  }

  @Test func everyTruncationIsAnError() {
    let text = Array("{\"a\":[1,2,{\"b\":\"\\u00e9x\"}],\"c\":true}".utf8)
    for count in 0..<text.count {
      #expect(throws: JSONError.self, "cut at \(count)") { try JSONValue.parse(text[..<count]) }
    }
  }

  @Test func keysAreComparedByScalars() throws {
    let object = try JSONValue.parse("{\"\u{E9}\":1,\"e\u{301}\":2}")
    #expect(object["\u{E9}"] == 1)
    #expect(object["e\u{301}"] == 2)
  }

  @Test func setsAndRemovesMembers() {
    var object = JSONObject([("a", 1), ("b", 2), ("c", 3)])
    object["b"] = nil
    object["d"] = 4
    object["a"] = 5
    #expect(JSONValue.object(object).serialized() == "{\"a\":5,\"c\":3,\"d\":4}")
    #expect(object["c"] == 3)
  }
}
