/// The 256 letters that byte-level vocabularies spell bytes with (GPT-2): printable Latin-1 characters stand for
/// themselves, the others for scalars from U+0100. A space becomes "Ġ".
enum ByteAlphabet {
  /// Of each byte, its letter.
  static let letters: [UInt32] = {
    var next: UInt32 = 0x100
    return (0..<256).map { (byte: UInt32) in
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return byte
      default:
        defer { next += 1 }
        return next
      }
    }
  }()

  /// Appends a part of a text in the alphabet. All the letters of a scalar have its origin.
  static func spell(_ source: NormalizedText, _ range: Range<Int>, into result: inout NormalizedText) {
    for index in range { result.append(scalar: letters[Int(source.bytes[index])], source.origins[index]) }
  }
}
