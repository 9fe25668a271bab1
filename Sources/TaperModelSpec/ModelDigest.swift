import Synchronization
import TaperBase
import TaperPlanFormat

/// The model's digest (specs/models/README.md defines its bytes), computed when first asked for: hashing the weights
/// of a large model takes over a second, and many uses never ask.
final class ModelDigest: Sendable {
  enum Part {
    case bytes(String, [UInt8])
    case weights(String, SafetensorsFile)
  }

  private let parts: [Part]
  private let result = Mutex<Digest?>(nil)

  init(_ parts: [Part]) { self.parts = parts }

  var value: Digest {
    result.withLock { result in
      if let result { return result }
      let digest = compute()
      result = digest
      return digest
    }
  }

  private func compute() -> Digest {
    var hash = SHA256()
    for part in parts {
      switch part {
      case .bytes(let label, let bytes):
        unsafe bytes.span.bytes.withUnsafeBytes { unsafe Self.add(label, $0, to: &hash) }
      case .weights(let label, let file):
        unsafe file.withBytes { unsafe Self.add(label, $0, to: &hash) }
      }
    }
    return hash.finalize()
  }

  private static func add(_ label: String, _ bytes: UnsafeRawBufferPointer, to hash: inout SHA256) {
    var frame = ByteWriter()
    frame.write(raw: Array(label.utf8) + [0])
    frame.write(UInt64(bytes.count))
    unsafe frame.bytes.span.bytes.withUnsafeBytes { unsafe hash.update($0) }
    unsafe hash.update(bytes)
  }
}
