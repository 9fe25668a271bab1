import ArgumentParser
import TaperJSON
import TaperModelSpec
import TaperTokenization

struct TokenizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenize", abstract: "Token ids of texts: one text a line in, one JSON object a line out.",
    discussion: """
      Reads standard input: a text a line, or JSON lines with "text" and "text_pair". Offsets count Unicode scalars.
      """)

  @Argument(help: "The model directory.") var model: String
  @Option(Count.self, help: "Longest result in tokens, specials included; the model's own when absent.")
  var maxLength: Int?
  @Flag(help: "Treat special tokens in the text, such as [CLS], as plain text.") var refuseSpecialTokens =
    false
  @Flag(help: "Accepted for uniformity; the output is always JSON lines.") var json = false

  func run() throws {
    try ExitStatus.catching {
      let spec = try Inputs.model(model)
      var tokenizer = spec.tokenizer
      tokenizer.allowsSpecialTokensInText = !refuseSpecialTokens
      let maximumLength = maxLength ?? spec.maximumLength
      guard maximumLength >= 4 else {
        throw CommandError.usage(
          "--max-length: expected at least 4 (two specials and a pair); found \(maximumLength)")
      }
      var number = 0
      while let line = readLine() {
        number += 1
        let (text, pair) = try TextLine.parse(line, number: number)
        let encoding = tokenizer.encode(text, pair: pair, maximumLength: maximumLength)
        let object: JSONValue = [
          "ids": .array(encoding.ids.map { .integer(Int64($0)) }),
          "type_ids": .array(encoding.typeIDs.map { .integer(Int64($0)) }),
          "offsets": .array(encoding.offsets.map { [JSONValue(Int($0.begin)), JSONValue(Int($0.end))] }),
          "schema_version": 1,
        ]
        Console.print(object.serialized())
      }
    }
  }
}

/// A line of input: a JSON object with "text" and perhaps "text_pair", or the text itself.
enum TextLine {
  static func parse(_ line: String, number: Int) throws -> (text: String, pair: String?) {
    guard line.utf8.first == UInt8(ascii: "{") else { return (line, nil) }
    let value: JSONValue
    do { value = try JSONValue.parse(line) } catch { throw TextLineError(line: number, reason: "\(error)") }
    guard let text = value["text"]?.string else {
      throw TextLineError(
        line: number, reason: "expected a string \"text\"; found \(value["text"]?.kindDescription ?? "none")")
    }
    return (text, value["text_pair"]?.string)
  }
}

struct TextLineError: Error, CustomStringConvertible {
  var line: Int
  var reason: String
  var description: String { "line \(line): \(reason)" }
}
