import Glibc

/// A calibration on disk: a directory of calibration.json and reference.safetensors.
///
/// Saving writes a temporary directory beside the target and renames it into place, so a reader finds a whole
/// calibration or none. An earlier calibration in the way is replaced; anything else is left alone and
/// refused.
enum CalibrationDirectory {
  static let jsonName = "calibration.json"
  static let referenceName = "reference.safetensors"
  /// Largest files that are read.
  static let maximumJSONByteCount = 64 << 20
  static let maximumReferenceByteCount = 8 << 30

  static func load(_ path: String) throws(CalibrationError) -> Calibration {
    try CalibrationDecoder.decode(
      json: read(path + "/" + jsonName, limit: maximumJSONByteCount),
      reference: read(path + "/" + referenceName, limit: maximumReferenceByteCount), path: path)
  }

  static func save(_ calibration: Calibration, to path: String) throws(CalibrationError) {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    guard try mayReplace(path) else { throw .wouldOverwrite(path: path) }
    let encoded = CalibrationCodec.encode(calibration)
    let temporary = path + ".tmp-\(getpid())"
    remove(temporary)
    guard unsafe mkdir(temporary, 0o755) == 0 else { throw system(temporary, "create the directory") }
    do throws(CalibrationError) {
      try write(encoded.reference, to: temporary + "/" + referenceName)
      try write(encoded.json, to: temporary + "/" + jsonName)
      remove(path)
      guard unsafe rename(temporary, path) == 0 else { throw system(path, "rename into place") }
    } catch {
      remove(temporary)
      throw error
    }
  }

  /// Nothing there, or a directory of nothing but a calibration's files.
  private static func mayReplace(_ path: String) throws(CalibrationError) -> Bool {
    guard let directory = unsafe opendir(path) else {
      if errno == ENOENT { return true }
      if errno == ENOTDIR { return false }
      throw system(path, "examine")
    }
    defer { unsafe closedir(directory) }
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if ![".", "..", jsonName, referenceName].contains(name) { return false }
    }
    return true
  }

  /// Removes a calibration's files and their directory, as far as they are there.
  private static func remove(_ path: String) {
    unsafe unlink(path + "/" + jsonName)
    unsafe unlink(path + "/" + referenceName)
    unsafe rmdir(path)
  }

  private static func read(_ path: String, limit: Int) throws(CalibrationError) -> [UInt8] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw system(path, "open") }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw system(path, "examine") }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .system(path: path, operation: "read", reason: "not a regular file")
    }
    let size = Int(status.st_size)
    guard size <= limit else { throw .fileTooLarge(path: path, byteCount: size, limit: limit) }
    var filled = 0
    var failure: CalibrationError?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while filled < size {
        let got = unsafe Glibc.read(descriptor, buffer.baseAddress! + filled, size - filled)
        if got < 0, errno == EINTR { continue }
        if got < 0 { failure = system(path, "read") }
        if got <= 0 { break }
        filled += got
      }
      count = filled
    }
    if let failure { throw failure }
    return bytes
  }

  private static func write(_ bytes: [UInt8], to path: String) throws(CalibrationError) {
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw system(path, "create") }
    defer { close(descriptor) }
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes.withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress! + written, $0.count - written)
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw system(path, "write") }
      written += count
    }
    guard fsync(descriptor) == 0 else { throw system(path, "flush") }
  }

  private static func system(_ path: String, _ operation: String) -> CalibrationError {
    .system(path: path, operation: operation, reason: lastSystemError())
  }
}
