internal import Glibc
internal import TaperJSON

extension DeviceProfile {
  /// No profile is larger; a larger file is refused without reading it.
  public static let maximumFileSize = 64 << 20

  /// Parses the file form.
  public static func parse(_ bytes: [UInt8]) throws(DeviceProfileError) -> DeviceProfile {
    let json: JSONValue
    do { json = try JSONValue.parse(bytes) } catch { throw .malformed(error) }
    return try DeviceProfile(json: json)
  }

  /// The file form: a line for each entry, and a newline at the end.
  public func serialized() -> String {
    var head = self
    head.entries = []
    // The empty list ends the object. Entries go between its brackets, each on a line, for readable diffs.
    let text = head.json.serialized()
    let body = entries.map { $0.json.serialized() }.joined(separator: ",\n")
    return text.dropLast(2) + (entries.isEmpty ? "]}\n" : "\n\(body)\n]}\n")
  }

  public static func load(path: String) throws(DeviceProfileError) -> DeviceProfile {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw .unreadable(path: path, errno: errno) }
    defer { close(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .unreadable(path: path, errno: errno) }
      guard count > 0 else { break }
      bytes += chunk[..<count]
      guard bytes.count <= maximumFileSize else {
        throw .tooLarge(path: path, limit: maximumFileSize)
      }
    }
    return try parse(bytes)
  }

  /// Writes the file form, replacing the file.
  public func save(path: String) throws(DeviceProfileError) {
    let file = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw .unwritable(path: path, errno: errno) }
    defer { close(file) }
    let bytes = Array(serialized().utf8)
    var done = 0
    while done < bytes.count {
      let count = unsafe bytes.withUnsafeBytes {
        unsafe write(file, $0.baseAddress! + done, $0.count - done)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw .unwritable(path: path, errno: errno) }
      done += count
    }
  }
}
