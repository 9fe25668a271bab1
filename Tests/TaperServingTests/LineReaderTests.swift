import Glibc
import TaperServing
import TestSupport
import Testing

@Suite struct LineReaderTests {
  /// The lines of `bytes`, read from a file.
  private func lines(_ bytes: [UInt8], limit: Int = 100) throws -> [LineReader.Line] {
    let folder = TemporaryDirectory()
    let descriptor = unsafe open(folder.write("lines", bytes), O_RDONLY)
    defer { close(descriptor) }
    var reader = LineReader(descriptor, limit: limit)
    var lines: [LineReader.Line] = []
    repeat {
      while let line = try reader.next() {
        lines.append(line)
        #expect(reader.number == lines.count)
      }
    } while try reader.fill()
    return lines
  }

  private func texts(_ bytes: [UInt8]) throws -> [String] {
    try lines(bytes).map { line in
      guard case .bytes(let bytes) = line else { return "too long" }
      return String(decoding: bytes, as: UTF8.self)
    }
  }

  @Test(arguments: [
    ("", []), ("\n", [""]), ("a", ["a"]), ("a\n", ["a"]), ("a\n\nb", ["a", "", "b"]),
    ("\u{FEFF}a\nb", ["a", "b"]),
    ("\u{FEFF}", []), ("a\u{FEFF}\n", ["a\u{FEFF}"]), ("é\n\u{FEFF}b\n", ["é", "\u{FEFF}b"]),
  ])
  func splitsAtLineFeeds(input: String, expected: [String]) throws {
    #expect(try texts(Array(input.utf8)) == expected)
  }

  @Test func longLinesAreSkippedAndTheNextIsRead() throws {
    let long = [UInt8](repeating: 0x78, count: 200_000)
    #expect(try lines([0x61, 0x0A] + long + [0x0A, 0x62]) == [.bytes([0x61]), .tooLong, .bytes([0x62])])
    #expect(try lines(long) == [.tooLong])
  }

  @Test(
    arguments: [
      ("UTF-16", [0xFF, 0xFE, 0x61, 0x00]), ("UTF-16", [0xFE, 0xFF, 0x00, 0x61]),
      ("UTF-16LE", [0x7B, 0x00, 0x22, 0x00]),
      ("UTF-16BE", [0x00, 0x7B, 0x00, 0x22]), ("UTF-32", [0xFF, 0xFE, 0x00, 0x00]),
      ("UTF-32LE", [0x7B, 0, 0, 0]),
    ] as [(String, [UInt8])])
  func otherEncodingsAreNamed(name: String, bytes: [UInt8]) {
    let error = #expect(throws: ServingError.self) { try lines(bytes + bytes) }
    guard case .notUTF8Input(name)? = error else {
      Issue.record("found \(String(describing: error))")
      return
    }
  }

  /// A program that writes one short line and waits gets its answer.
  @Test func aShortLineIsNotHeldBack() throws {
    var ends: [Int32] = [0, 0]
    #expect(unsafe pipe(&ends) == 0)
    defer { for end in ends { close(end) } }
    var reader = LineReader(ends[0])
    #expect(try reader.next() == nil)
    #expect(unsafe write(ends[1], "a\n", 2) == 2)
    #expect(try reader.fill())
    #expect(try reader.next() == .bytes([0x61]))
  }
}
