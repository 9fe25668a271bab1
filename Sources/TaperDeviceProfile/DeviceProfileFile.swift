public import TaperBase
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
    try parse(try DeviceProfileError.wrapping(try WholeFile.read(path, limit: maximumFileSize)))
  }

  /// Writes the file form, replacing the file.
  public func save(path: String) throws(DeviceProfileError) {
    try DeviceProfileError.wrapping(try WholeFile.write(serialized(), to: path))
  }

  /// SHA-256 of the file form: equal profiles have equal digests. Plans record it.
  public var digest: Digest { SHA256.digest(of: Array(serialized().utf8)) }
}
