internal import Glibc
internal import TaperBase

extension TextRunner {
  /// The longest accepted line.
  public static var maximumLineBytes: Int { 64 << 20 }

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
  @discardableResult
  public mutating func answerLines(
    from input: Int32, to output: Int32, plain: Bool
  ) throws(ServingError) -> Int {
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    var pending: [UInt8] = []
    var answers: [UInt8] = []
    var line = 0
    var index = 0
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe SystemCall.read(input, into: $0) }
      guard count >= 0 else { throw .cannotReadInput(errno: errno) }
      do throws(ServingError) {
        var rest = chunk[..<count]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
          pending.append(contentsOf: rest[..<end])
          rest = rest[(end + 1)...]
          line += 1
          try answer(pending, line: line, plain: plain, index: &index, into: &answers)
          pending.removeAll(keepingCapacity: true)
        }
        pending.append(contentsOf: rest)
        guard pending.count <= Self.maximumLineBytes else {
          throw .lineTooLong(line: line + 1, limit: Self.maximumLineBytes)
        }
        if count == 0, !pending.isEmpty {
          try answer(pending, line: line + 1, plain: plain, index: &index, into: &answers)
        }
      } catch {
        try Self.write(answers, to: output)
        throw error
      }
      try Self.write(answers, to: output)
      answers.removeAll(keepingCapacity: true)
      if count == 0 { return index }
    }
  }

  private mutating func answer(
    _ bytes: [UInt8], line: Int, plain: Bool, index: inout Int, into answers: inout [UInt8]
  ) throws(ServingError) {
    guard let input = try InputLine.parse(bytes, line: line, plain: plain) else { return }
    let text = try answer(input, index: index, line: line)
    index += 1
    answers.append(contentsOf: text.utf8)
    answers.append(UInt8(ascii: "\n"))
  }

  private static func write(_ bytes: [UInt8], to output: Int32) throws(ServingError) {
    let code = SystemCall.write(bytes, to: output)
    guard code == 0 else { throw .cannotWriteOutput(errno: code) }
  }
}
