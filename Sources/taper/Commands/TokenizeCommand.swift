import ArgumentParser
import Glibc
import TaperJSON
import TaperModelSpec
import TaperPlanFormat
import TaperServing
import TaperTokenization

struct TokenizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenize", abstract: "Token ids of texts: one text a line in, one JSON object a line out.",
    discussion: """
      Reads standard input: a text a line, or JSON lines with "text" and "text_pair". Offsets count Unicode scalars.
      """)

  @Argument(help: "The model directory, or a graph: .onnx or OpenVINO's .xml.") var model: String
  @Option(Count.self, help: "Longest result in tokens, specials included; the model's own when absent.")
  var maxLength: Int?
  @OptionGroup var prompts: PromptOptions
  @Flag(help: "Treat special tokens in the text, such as [CLS], as plain text.") var refuseSpecialTokens =
    false
  @Flag(help: "Accepted for uniformity; the output is always JSON lines.") var json = false

  func run() throws {
    try ExitStatus.catching {
      let spec = try Inputs.model(model, prompts)
      var tokenizer = spec.tokenizer
      tokenizer.allowsSpecialTokensInText = !refuseSpecialTokens
      let maximumLength = maxLength ?? spec.maximumLength
      guard maximumLength >= 4 else {
        throw CommandError.usage(
          "--max-length: expected at least 4 (two specials and a pair); found \(maximumLength)")
      }
      var reader = LineReader(STDIN_FILENO)
      repeat {
        while let line = try reader.next() {
          guard let (text, pair) = try TextLine.parse(line, number: reader.number) else { continue }
          try Console.print(
            Self.report(
              tokenizer.encode(spec.prompts.before(text), pair: pair, maximumLength: maximumLength)
            ).serialized())
        }
      } while try reader.fill()
    }
  }

  private static func report(_ encoding: Encoding) -> JSONValue {
    [
      "ids": .array(encoding.ids.map { .integer(Int64($0)) }),
      "type_ids": .array(encoding.typeIDs.map { .integer(Int64($0)) }),
      "offsets": .array(encoding.offsets.map { [JSONValue(Int($0.begin)), JSONValue(Int($0.end))] }),
      "schema_version": 1,
    ]
  }
}

/// A line of input: a JSON object with "text" and perhaps "text_pair", or the text itself.
private enum TextLine {
  static func parse(_ line: LineReader.Line, number: Int) throws(ServingError) -> (
    text: String, pair: String?
  )? {
    guard case .bytes(let bytes) = line else {
      throw .lineTooLong(line: number, limit: LineReader.maximumLineBytes)
    }
    let isJSON = bytes.first == UInt8(ascii: "{")
    guard let input = try InputLine.parse(bytes, line: number, plain: !isJSON) else { return nil }
    return (input.text, input.pair)
  }
}
