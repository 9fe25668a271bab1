import Glibc
import TaperBase
import TaperCalibration
import TaperPlanFormat

/// A fresh directory, gone after `body`.
func withTemporaryDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
  var template = Array("/tmp/taper-calibration-XXXXXX".utf8CString)
  let path = unsafe template.withUnsafeMutableBufferPointer { buffer in
    unsafe mkdtemp(buffer.baseAddress!).map { unsafe String(cString: $0) }
  }
  guard let path else { preconditionFailure("mkdtemp failed") }
  defer { removeTree(path) }
  return try body(path)
}

private func removeTree(_ path: String) {
  if let directory = unsafe opendir(path) {
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { removeTree(path + "/" + name) }
    }
    unsafe closedir(directory)
  }
  unsafe remove(path)
}

func writeFile(_ path: String, _ bytes: [UInt8]) {
  let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
  precondition(descriptor >= 0)
  defer { close(descriptor) }
  let written = unsafe bytes.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
  precondition(written == bytes.count)
}

func readFile(_ path: String) -> [UInt8] {
  let descriptor = unsafe open(path, O_RDONLY)
  precondition(descriptor >= 0)
  defer { close(descriptor) }
  var bytes = [UInt8](repeating: 0, count: 1 << 20)
  let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
  precondition(count >= 0 && count < bytes.count)
  return Array(bytes[0..<count])
}

func fileExists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

func digest(_ byte: UInt8) -> Digest { Digest(bytes: [UInt8](repeating: byte, count: 32)) }

/// Two layers, three texts, two labels.
func sampleCalibration() throws -> Calibration {
  var builder = Calibration.Builder(layerCount: 2)
  try builder.add(
    ids: [101, 7, 102], scores: [[1, 0.5, 1.5], [2, 0, 1]], reference: [0.25, -1], label: 1)
  try builder.add(
    ids: [101, 8, 9, 102], typeIDs: [0, 0, 1, 1], scores: [[1, 1, 1, 1], [4, 0, 0, 0]],
    reference: [3, 0.125],
    value: 2.5, truncated: true)
  try builder.add(ids: [101, 102, 5], scores: [[0, 0, 3], [1, 1, 1]], reference: [0, 1], label: 0)
  return try builder.finish(
    modelDigest: digest(1), dataDigest: digest(2), tokenizerDigest: digest(3), labels: ["a", "bé"],
    badRowCount: 4)
}
