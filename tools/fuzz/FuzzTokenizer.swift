import TaperJSON
import TaperTokenization

/// Reads every input as a tokenizer.json and as the binary form, and the binary form of an accepted one damaged by the
/// input's last bytes. An accepted tokenizer must encode any text without a trap and in little memory, and its binary
/// form must read back as itself.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTokenizer(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = [UInt8](UnsafeBufferPointer(start: start, count: count))
  if let json = try? JSONValue.parse(bytes) {
    do throws(TokenizerError) {
      let tokenizer = try Tokenizer(tokenizerJSON: json)
      use(tokenizer, bytes)
      let encoded = tokenizer.encoded()
      do throws(TokenizerError) {
        let read = try Tokenizer(encoded: encoded)
        precondition(
          read == tokenizer && read.encoded() == encoded, "the binary form reads as something else")
        if let damaged = try? Tokenizer(encoded: damage(encoded, by: bytes)) { use(damaged, bytes) }
      } catch {
        preconditionFailure("its own binary form is refused: \(error)")
      }
    } catch {
      precondition(!error.description.isEmpty)
    }
  }
  if let tokenizer = try? Tokenizer(encoded: bytes) { use(tokenizer, bytes) }
  return 0
}

/// Every three bytes at the end say where and what: most places are near the beginning, before the tables.
private func damage(_ encoded: [UInt8], by bytes: [UInt8]) -> [UInt8] {
  var damaged = encoded
  let tail = Array(bytes.suffix(9))
  for index in stride(from: 0, to: tail.count - 2, by: 3) {
    let place = Int(tail[index]) | Int(tail[index + 1]) << 8
    damaged[place % (place & 1 == 0 ? min(256, damaged.count) : damaged.count)] = tail[index + 2]
  }
  return damaged
}

private func use(_ tokenizer: Tokenizer, _ bytes: [UInt8]) {
  let text = "The \u{FB01}rst  don't \u{1F600}\u{200D}e\u{301}\r\n 12 <mask>\u{D55C}\u{915}\u{94D}\u{937}x"
  var copy = tokenizer
  for side in TruncationSide.allCases {
    copy.truncationSide = side
    check(copy.encode(text, pair: "a\u{2581}b", maximumLength: 12))
    check(copy.encode(Array(bytes.suffix(200)), maximumLength: .max))
  }
  precondition(copy.vocabularyCount > 0)
}

private func check(_ encoding: Encoding) {
  precondition(
    encoding.ids.count == encoding.offsets.count && encoding.ids.count == encoding.typeIDs.count)
  precondition(encoding.offsets.allSatisfy { $0.begin <= $0.end }, "an offset ends before it begins")
}
