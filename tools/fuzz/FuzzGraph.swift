import Glibc
import TaperModelImport

/// Reads every input as a graph, computes it and looks for an encoder in it: refused or recognised, but no trap, no
/// endless work and no large memory. With `-D IR` the input is an OpenVINO document over a file of fixed constants,
/// without it an ONNX file.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzGraph(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  #if IR
    let path = folder + "/m.xml"
  #else
    let path = folder + "/m.onnx"
  #endif
  write(path, UnsafeBufferPointer(start: start, count: count))
  do throws(ImportError) {
    _ = try GraphImport.examine(path)
  } catch {
    precondition(!error.description.isEmpty)
  }
  return 0
}

/// In memory, and the constants once.
private let folder: String = {
  var template = Array("/dev/shm/taper-fuzz-XXXXXX".utf8CString)
  precondition(mkdtemp(&template) != nil)
  let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  let constants = (0..<65536).map { UInt8(truncatingIfNeeded: $0 &* 31) & 0x3F }
  constants.withUnsafeBufferPointer { write(path + "/m.bin", $0) }
  return path
}()

private func write(_ path: String, _ bytes: UnsafeBufferPointer<UInt8>) {
  let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
  precondition(file >= 0)
  precondition(Glibc.write(file, bytes.baseAddress, bytes.count) == bytes.count)
  close(file)
}
