internal import TaperBase
internal import TaperJSON

/// What a line that cannot be answered does to the run.
public enum LineErrorPolicy: String, CaseIterable, Sendable {
  /// It ends the run, after the answers to all earlier lines.
  case stop
  /// An object with "error" stands in its answer's place, and the run goes on.
  case report
}

extension TextRunner {
  /// Answers every line of `input` on `output`, until the end of the input.
  ///
  /// Answers are written before more input is read, so a program that writes one line and waits gets its answer. On an
  /// error, the answers to all earlier lines have been written.
  ///
  /// - Parameters:
  ///   - input: a file descriptor to read from.
  ///   - output: a file descriptor to write to.
  ///   - plain: whether a line is a raw text instead of JSON.
  /// - Returns: the number of answered texts.
  /// - Throws: with `report`, `linesFailed` at the input's end when a line could not be answered.
  @discardableResult
  public mutating func answerLines(
    from input: Int32, to output: Int32, plain: Bool, onError policy: LineErrorPolicy = .stop
  ) throws(ServingError) -> Int {
    var reader = LineReader(input)
    var answers: [UInt8] = []
    var index = 0
    var failed = 0
    repeat {
      do throws(ServingError) {
        while let line = try reader.next() {
          do throws(ServingError) {
            guard let answer = try answer(line, number: reader.number, plain: plain, index: index) else {
              continue
            }
            answers.append(contentsOf: answer.utf8)
          } catch {
            guard policy == .report, error.isOfOneLine else { throw error }
            failed += 1
            answers.append(
              contentsOf: AnswerLine.render(error, index: index, line: reader.number).serialized().utf8)
          }
          index += 1
          answers.append(UInt8(ascii: "\n"))
          if answers.count >= Self.answersAtOnce { try Self.write(&answers, to: output) }
        }
      } catch {
        try Self.write(&answers, to: output)
        throw error
      }
      try Self.write(&answers, to: output)
    } while try reader.fill()
    guard failed == 0 else { throw .linesFailed(failed, of: index) }
    return index
  }

  /// Bytes of answers that are written together at most, so that a long block of input needs bounded memory.
  private static var answersAtOnce: Int { 1 << 20 }

  /// nil for a blank line.
  private mutating func answer(
    _ line: LineReader.Line, number: Int, plain: Bool, index: Int
  ) throws(ServingError) -> String? {
    switch line {
    case .tooLong: throw .lineTooLong(line: number, limit: LineReader.maximumLineBytes)
    case .bytes(let bytes):
      guard let input = try InputLine.parse(bytes, line: number, plain: plain) else { return nil }
      return try answer(input, index: index, line: number)
    }
  }

  private static func write(_ bytes: inout [UInt8], to output: Int32) throws(ServingError) {
    let code = SystemCall.write(bytes, to: output)
    guard code == 0 else { throw .cannotWriteOutput(errno: code) }
    bytes.removeAll(keepingCapacity: true)
  }
}
