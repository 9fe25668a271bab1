import Glibc
import TaperBase

/// A file's bytes one by one, in UTF-8, read in blocks, with the digest of the blocks read so far as they are in the
/// file.
struct ByteSource: ~Copyable {
  static let blockByteCount = 1 << 18

  private var buffer: [UInt8]
  private var position = 0
  private var end: Int
  /// −1 for bytes in memory.
  private let descriptor: CInt
  let path: String
  private var hash = SHA256()
  private let encoding: String?
  private var transcoder: Transcoder?

  /// - Parameter encoding: nil: UTF-8.
  init(path: String, encoding: String? = nil) throws(DatasetError) {
    let transcoder = try Self.transcoder(from: encoding, path: path)
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .file(.system(path: path, .open, errno: errno)) }
    self.path = path
    self.encoding = encoding
    self.descriptor = descriptor
    self.transcoder = transcoder
    buffer = [UInt8](repeating: 0, count: ByteSource.blockByteCount)
    end = 0
  }

  private static func transcoder(from encoding: String?, path: String) throws(DatasetError) -> Transcoder? {
    guard let encoding else { return nil }
    do throws(Transcoder.Failure) { return try Transcoder(from: encoding) } catch {
      throw .unknownEncoding(path: path, name: encoding)
    }
  }

  init(bytes: [UInt8], name: String) {
    path = name
    encoding = nil
    transcoder = nil
    descriptor = -1
    buffer = bytes
    end = bytes.count
    unsafe bytes.withUnsafeBytes { unsafe hash.update($0) }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// SHA-256 of the blocks read so far.
  var digest: Digest { hash.finalize() }

  /// The next byte, which stays; nil at the end.
  mutating func peek() throws(DatasetError) -> UInt8? {
    if position == end { try refill() }
    return position < end ? buffer[position] : nil
  }

  /// Takes the next byte; nil at the end.
  mutating func next() throws(DatasetError) -> UInt8? {
    if position == end { try refill() }
    guard position < end else { return nil }
    position += 1
    return buffer[position - 1]
  }

  /// The next blocks until there is a character, or the end.
  private mutating func refill() throws(DatasetError) {
    guard descriptor >= 0 else { return }
    repeat {
      if buffer.count < ByteSource.blockByteCount || transcoder != nil {
        buffer = [UInt8](repeating: 0, count: ByteSource.blockByteCount)
      }
      let count = unsafe buffer.withUnsafeMutableBytes { unsafe SystemCall.read(descriptor, into: $0) }
      guard count >= 0 else { throw .file(.system(path: path, .read, errno: errno)) }
      position = 0
      end = count
      unsafe buffer.withUnsafeBytes { unsafe hash.update(UnsafeRawBufferPointer(rebasing: $0[0..<count])) }
      guard transcoder != nil else { return }
      try transcode(count)
      if count == 0 { return }
    } while end == 0
  }

  private mutating func transcode(_ count: Int) throws(DatasetError) {
    do throws(Transcoder.Failure) {
      guard count > 0 else {
        guard transcoder?.isBetweenCharacters == true else { throw .malformed }
        return
      }
      buffer = try transcoder?.convert(buffer[..<count]) ?? []
      end = buffer.count
    } catch {
      throw .notOfEncoding(path: path, name: encoding ?? "")
    }
  }
}
