import Glibc
import TaperPlanFormat
import TaperPlanRuntime

/// Reading a plan without its weights.
enum PlanFile {
  static func read(_ path: String) throws -> Plan {
    try InputKind.plan.require(path)
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw CommandError.unreadable(path: path) }
    defer { close(file) }
    var status = stat()
    guard unsafe fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw CommandError.unreadable(path: path, reason: "something that is not a file")
    }
    let size = Int(status.st_size)
    // Nothing can be mapped of an empty file; the reader says what is wrong with it.
    guard size > 0 else { return try unsafe read(UnsafeRawBufferPointer(start: nil, count: 0), path) }
    guard let base = unsafe mmap(nil, size, PROT_READ, MAP_PRIVATE, file, 0), unsafe base != MAP_FAILED else {
      throw CommandError.unreadable(path: path)
    }
    defer { unsafe munmap(base, size) }
    return try unsafe read(UnsafeRawBufferPointer(start: base, count: size), path)
  }

  private static func read(_ bytes: UnsafeRawBufferPointer, _ path: String) throws(RuntimeError) -> Plan {
    do throws(PlanFormatError) {
      return try unsafe PlanReader.read(bytes).plan
    } catch {
      throw .badPlan(path: path, error)
    }
  }
}
