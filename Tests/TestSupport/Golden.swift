import Glibc

/// Committed files that hold what is computed now, byte for byte.
public enum Golden {
  /// Nil when the file at `path` holds these bytes; else what differs.
  ///
  /// With RECORD=1 in the environment the file is written anew, and the result says so: a run that records fails
  /// once, so that none passes for a check.
  public static func difference(_ found: [UInt8], from path: String) -> String? {
    if unsafe getenv("RECORD") != nil { return record(found, at: path) }
    guard TestFile.exists(path) else { return "no golden file \(path); run once with RECORD=1" }
    let expected = TestFile.bytes(path)
    if found == expected { return nil }
    let (wanted, has) = (lines(expected), lines(found))
    let line = zip(wanted, has).enumerated().first { $0.element.0 != $0.element.1 }?.offset
    let number = line ?? min(wanted.count, has.count)
    return """
      \(path) differs from line \(number + 1):
      expected \(number < wanted.count ? String(wanted[number]) : "the end")
      found    \(number < has.count ? String(has[number]) : "the end")
      If the change is meant, RECORD=1 rewrites it.
      """
  }

  public static func difference(_ found: String, from path: String) -> String? {
    difference(Array(found.utf8), from: path)
  }

  private static func lines(_ bytes: [UInt8]) -> [Substring] {
    String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
  }

  private static func record(_ bytes: [UInt8], at path: String) -> String {
    var folder = ""
    for part in path.split(separator: "/").dropLast() {
      folder += "/" + part
      _ = unsafe mkdir(folder, 0o755)
    }
    guard let file = unsafe fopen(path, "w") else { return "cannot write \(path)" }
    defer { unsafe fclose(file) }
    let written = unsafe bytes.span.bytes.withUnsafeBytes { unsafe fwrite($0.baseAddress, 1, $0.count, file) }
    return written == bytes.count
      ? "recorded \(path); run again without RECORD" : "cannot write all of \(path)"
  }
}
