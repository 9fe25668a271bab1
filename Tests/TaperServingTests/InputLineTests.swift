import TaperServing
import Testing

@Suite struct InputLineTests {
  func parse(_ line: String, plain: Bool = false) throws(ServingError) -> InputLine? {
    try InputLine.parse(Array(line.utf8), line: 7, plain: plain)
  }

  @Test func jsonLines() throws {
    #expect(try parse(#""a text""#) == InputLine(text: "a text"))
    #expect(try parse(#"{"text":"a"}"#) == InputLine(text: "a"))
    #expect(try parse(#"{"label":"x","text":"a","text_pair":"b"}"#) == InputLine(text: "a", pair: "b"))
    #expect(try parse(#"{"text":"a","text_pair":null}"#) == InputLine(text: "a"))
    #expect(try parse("\"a\"\r") == InputLine(text: "a"))
    #expect(try parse("") == nil)
    #expect(try parse(" \t\r") == nil)
  }

  @Test func plainLines() throws {
    #expect(try parse(#"{"text":"a"}"#, plain: true) == InputLine(text: #"{"text":"a"}"#))
    #expect(try parse("naïve\r", plain: true) == InputLine(text: "naïve"))
    #expect(try parse("", plain: true) == InputLine(text: ""))
  }

  @Test(arguments: [
    (#"{"text":1}"#, #"an integer as "text""#), (#"{"a":"b"}"#, #"an object without "text""#),
    (#"{"text":"a","text_pair":[]}"#, #"an array as "text_pair""#), ("[1]", "an array"),
  ])
  func whatIsNoText(line: String, found: String) {
    let error = #expect(throws: ServingError.self) { try parse(line) }
    guard case .notAText(line: 7, found) = error else {
      Issue.record("found \(String(describing: error))")
      return
    }
    #expect(error?.exitCode == 65)
  }

  /// What Python's json module writes, in the text and in members that are not used.
  @Test func linesOfPython() throws {
    #expect(try parse(#"{"text":"b","score":NaN,"least":-Infinity,"big":1e999}"#) == InputLine(text: "b"))
    #expect(try parse(#"{"text":"ok \ud83d!"}"#) == InputLine(text: "ok \u{FFFD}!"))
    #expect(try parse(#"{"text":"\ud83d\ude00 \ude00\ud83d\n"}"#) == InputLine(text: "😀 \u{FFFD}\u{FFFD}\n"))
    #expect(throws: ServingError.self) { try parse(#"{"text":NaN}"#) }
  }

  @Test(arguments: [("plain words", true), ("text,label", true), (#" {"text":"a""#, false)])
  func whatIsNotJSON(line: String, isRaw: Bool) {
    let error = #expect(throws: ServingError.self) { try parse(line) }
    guard case .notJSON(line: 7, _, isRaw) = error else {
      Issue.record("found \(String(describing: error))")
      return
    }
    #expect(error?.exitCode == 65)
  }

  @Test func bytesThatAreNotUTF8() {
    for plain in [true, false] {
      let error = #expect(throws: ServingError.self) {
        try InputLine.parse([0x22, 0xFF, 0x22], line: 2, plain: plain)
      }
      switch error {
      case .notUTF8(line: 2)?, .notJSON(line: 2, _, _)?: break
      default: Issue.record("found \(String(describing: error))")
      }
    }
  }
}
