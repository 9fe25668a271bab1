import Glibc

/// Converts bytes of another encoding to UTF-8, piece by piece, by the C library's iconv.
@safe struct Transcoder: ~Copyable {
  enum Failure: Error {
    case unknownEncoding
    /// Bytes that are no character in this encoding.
    case malformed
  }

  private let conversion: iconv_t
  /// The beginning of a character whose rest is in the next piece.
  private var rest: [UInt8] = []
  /// Of what a character may take in any encoding.
  private static let longestCharacter = 16

  init(from encoding: String) throws(Failure) {
    let conversion: iconv_t? = unsafe iconv_open("UTF-8", encoding)
    // iconv_open's error is the pointer −1.
    guard let conversion = unsafe conversion, Int(bitPattern: conversion) != -1 else {
      throw .unknownEncoding
    }
    unsafe self.conversion = conversion
  }

  deinit { unsafe _ = iconv_close(conversion) }

  /// `bytes` in UTF-8, without a character that they only begin.
  mutating func convert(_ bytes: some Collection<UInt8>) throws(Failure) -> [UInt8] {
    var input = rest + bytes
    // A byte becomes three at most (latin-1 two); a state change adds little.
    var output = [UInt8](repeating: 0, count: 4 * input.count + 64)
    let (left, room, code) = unsafe input.withUnsafeMutableBytes { source in
      unsafe output.withUnsafeMutableBytes { target in
        var from = unsafe source.baseAddress?.assumingMemoryBound(to: CChar.self)
        var to = unsafe target.baseAddress?.assumingMemoryBound(to: CChar.self)
        var (left, room) = (source.count, target.count)
        let result = unsafe iconv(conversion, &from, &left, &to, &room)
        return (left, room, result == .max ? errno : 0)
      }
    }
    guard code == 0 || code == EINVAL, left <= Self.longestCharacter else { throw .malformed }
    rest = Array(input.suffix(left))
    output.removeLast(room)
    return output
  }

  /// False when a character was begun and not ended.
  var isBetweenCharacters: Bool { rest.isEmpty }
}
