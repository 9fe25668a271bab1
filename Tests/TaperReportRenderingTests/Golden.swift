import Glibc
import Testing

/// Compares text with a committed file, whole. With RECORD=1 in the environment the file is rewritten, and
/// the test fails once, so that no recording run passes for a check.
func expectGolden(_ text: String, _ name: String, sourceLocation: SourceLocation = #_sourceLocation) {
  let source = #filePath
  let path = source[..<(source.lastIndex(of: "/") ?? source.endIndex)] + "/Fixtures/" + name
  if unsafe getenv("RECORD") != nil {
    guard let file = unsafe fopen(String(path), "w") else {
      Issue.record("cannot write \(path)", sourceLocation: sourceLocation)
      return
    }
    unsafe fputs(text, file)
    unsafe fclose(file)
    Issue.record("recorded \(name); run again without RECORD", sourceLocation: sourceLocation)
    return
  }
  guard let file = unsafe fopen(String(path), "r") else {
    Issue.record("no golden file \(name); run once with RECORD=1", sourceLocation: sourceLocation)
    return
  }
  defer { unsafe fclose(file) }
  var bytes: [UInt8] = []
  while true {
    let byte = unsafe fgetc(file)
    if byte < 0 { break }
    bytes.append(UInt8(truncatingIfNeeded: byte))
  }
  let expected = String(decoding: bytes, as: UTF8.self)
  if expected == text { return }
  let found = text.split(separator: "\n", omittingEmptySubsequences: false)
  let wanted = expected.split(separator: "\n", omittingEmptySubsequences: false)
  let line =
    zip(found, wanted).enumerated().first { $0.element.0 != $0.element.1 }?.offset
    ?? min(found.count, wanted.count)
  Issue.record(
    """
    \(name) differs from line \(line + 1):
    expected \(line < wanted.count ? wanted[line] : "the end")
    found    \(line < found.count ? found[line] : "the end")
    (RECORD=1 rewrites it)
    """, sourceLocation: sourceLocation)
}
