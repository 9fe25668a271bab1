import Glibc

/// Elements that end exactly where an inaccessible page begins, so that a read past them faults; the elements before
/// them hold a pattern that `isIntact` checks. `@safe`: the pointers live as long as the object.
@safe final class GuardedMemory<Element: BitwiseCopyable & Equatable> {
  let elements: UnsafeMutableBufferPointer<Element>
  private let mapping: UnsafeMutableRawPointer
  private let length: Int
  private let margin: Int

  init(_ values: [Element]) {
    let page = 4096
    let bytes = values.count * MemoryLayout<Element>.stride
    margin = 64
    length = (bytes + margin + page - 1) / page * page + page
    unsafe mapping = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    unsafe precondition(mapping != MAP_FAILED, "no memory for a test")
    unsafe mprotect(mapping + (length - page), page, PROT_NONE)
    let start = unsafe mapping + (length - page - bytes)
    unsafe (start - margin).initializeMemory(as: UInt8.self, repeating: 0xA5, count: margin)
    let bound = unsafe start.bindMemory(to: Element.self, capacity: values.count)
    unsafe elements = UnsafeMutableBufferPointer(start: bound, count: values.count)
    for (index, value) in values.enumerated() { unsafe elements[index] = value }
  }

  deinit { unsafe munmap(mapping, length) }

  var pointer: UnsafeMutablePointer<Element> { unsafe elements.baseAddress! }
  var constPointer: UnsafePointer<Element> { unsafe UnsafePointer(pointer) }
  var values: [Element] { unsafe Array(elements) }
  subscript(index: Int) -> Element { unsafe elements[index] }

  var isIntact: Bool {
    let before = unsafe UnsafeRawPointer(pointer) - margin
    return (0..<margin).allSatisfy { unsafe before.load(fromByteOffset: $0, as: UInt8.self) == 0xA5 }
  }
}
