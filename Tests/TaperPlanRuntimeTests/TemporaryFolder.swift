import Glibc

/// A folder of its own that goes away with the value.
final class TemporaryFolder {
  let path: String

  init() {
    var template = Array("/tmp/taper-runtime-XXXXXX".utf8CString)
    let made = unsafe template.withUnsafeMutableBufferPointer { unsafe mkdtemp($0.baseAddress!) != nil }
    precondition(made, "no temporary folder")
    path = template.dropLast().reduce(into: "") { $0.unicodeScalars.append(Unicode.Scalar(UInt8($1))) }
  }

  deinit {
    if let folder = unsafe opendir(path) {
      while let entry = unsafe readdir(folder) {
        let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
          unsafe String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
        }
        unsafe unlink(path + "/" + name)
      }
      unsafe closedir(folder)
    }
    unsafe rmdir(path)
  }

  func write(_ bytes: [UInt8], to name: String) {
    let file = unsafe fopen(path + "/" + name, "w")!
    unsafe bytes.withUnsafeBytes { unsafe _ = fwrite($0.baseAddress, 1, $0.count, file) }
    unsafe fclose(file)
  }

  func read(_ name: String) -> [UInt8] {
    let file = unsafe fopen(path + "/" + name, "r")!
    var bytes: [UInt8] = []
    while case let byte = unsafe getc(file), byte >= 0 { bytes.append(UInt8(byte)) }
    unsafe fclose(file)
    return bytes
  }
}
