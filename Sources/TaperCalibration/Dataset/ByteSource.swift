import Glibc
import TaperBase

/// A file's bytes one by one, read in blocks, with the digest of the blocks read so far.
struct ByteSource: ~Copyable {
  static let blockByteCount = 1 << 18

  private var buffer: [UInt8]
  private var position = 0
  private var end: Int
  /// −1 for bytes in memory.
  private let descriptor: CInt
  private let path: String
  private var hash = SHA256()

  init(path: String) throws(DatasetError) {
    self.path = path
    descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    buffer = []
    end = 0
    guard descriptor >= 0 else { throw .file(.system(path: path, .open, errno: errno)) }
    buffer = [UInt8](repeating: 0, count: ByteSource.blockByteCount)
  }

  init(bytes: [UInt8], name: String) {
    path = name
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

  private mutating func refill() throws(DatasetError) {
    guard descriptor >= 0 else { return }
    let count = unsafe buffer.withUnsafeMutableBytes { unsafe SystemCall.read(descriptor, into: $0) }
    guard count >= 0 else { throw .file(.system(path: path, .read, errno: errno)) }
    position = 0
    end = count
    unsafe buffer.withUnsafeBytes { unsafe hash.update(UnsafeRawBufferPointer(rebasing: $0[0..<count])) }
  }
}
