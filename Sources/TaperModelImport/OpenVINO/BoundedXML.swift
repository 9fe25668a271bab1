import CLibXML2
import TaperBase

/// An XML document read element by element, through libxml2's streaming reader.
///
/// Documents are untrusted: a document type, and so every entity, is refused; nothing but the document itself is
/// opened; size, depth, attributes of an element and elements are limited.
///
/// @safe: the reader's memory is used between `init` and `deinit` only, and `bytes` stay with it.
@safe final class BoundedXML {
  enum Event {
    case start(name: String, attributes: [String: String])
    case end(name: String)
    case text(String)
  }

  static let byteLimit = 1 << 26
  private static let depthLimit = 32
  private static let attributeLimit = 64
  private static let elementLimit = 1 << 22

  private let path: String
  private let bytes: UnsafeMutableBufferPointer<CChar>
  private let reader: xmlTextReaderPtr
  private var elements = 0
  /// The end of an element without content.
  private var pendingEnd: String?
  private(set) var depth = 0

  init(path: String) throws(ImportError) {
    self.path = path
    let content = try ImportError.wrapping(try WholeFile.read(path, limit: Self.byteLimit, regularOnly: true))
    if let foreign = ForeignContent(content.prefix(64)) { throw .foreignContent(path: path, foreign) }
    // Declared types are refused by their words, so a text in which they could not be seen is, too.
    guard !content.contains(0) else { throw .malformedIR(path: path, what: "bytes of zero; expected UTF-8") }
    let mark = Array("<!DOCTYPE".utf8)
    if content.indices.contains(where: { content[$0] == 0x3C && content[$0...].starts(with: mark) }) {
      throw .malformedIR(path: path, what: "a document type; IR has none, and entities are not read")
    }
    let copy = UnsafeMutableBufferPointer<CChar>.allocate(capacity: max(1, content.count))
    for (place, byte) in content.enumerated() {
      unsafe copy.initializeElement(at: place, to: CChar(bitPattern: byte))
    }
    let options = Int32(XML_PARSE_NONET.rawValue | XML_PARSE_NOERROR.rawValue | XML_PARSE_NOWARNING.rawValue)
    guard
      let reader = unsafe xmlReaderForMemory(copy.baseAddress, Int32(content.count), nil, "UTF-8", options)
    else {
      unsafe copy.deallocate()
      throw .malformedIR(path: path, what: "nothing that libxml2 reads")
    }
    unsafe bytes = copy
    unsafe self.reader = unsafe reader
  }

  deinit {
    unsafe xmlFreeTextReader(reader)
    unsafe bytes.deallocate()
  }

  /// The next event; nil at the end.
  func next() throws(ImportError) -> Event? {
    if let name = pendingEnd {
      pendingEnd = nil
      depth -= 1
      return .end(name: name)
    }
    while true {
      let code = unsafe xmlTextReaderRead(reader)
      guard code >= 0 else { throw .malformedIR(path: path, what: "XML that is damaged at line \(line)") }
      guard code > 0 else {
        guard depth == 0, elements > 0 else { throw .malformedIR(path: path, what: "an end at line \(line)") }
        return nil
      }
      switch unsafe xmlTextReaderNodeType(reader) {
      case 1: return try start()
      case 15:
        depth -= 1
        return .end(name: unsafe Self.string(xmlTextReaderConstName(reader)))
      case 3, 4: return .text(unsafe Self.string(xmlTextReaderConstValue(reader)))
      case 5, 6, 10, 12, 16:
        throw .malformedIR(path: path, what: "a document type or an entity at line \(line)")
      default: continue
      }
    }
  }

  private func start() throws(ImportError) -> Event {
    elements += 1
    depth += 1
    guard elements <= Self.elementLimit else {
      throw .tooLarge(path: path, what: "elements", limit: Self.elementLimit)
    }
    guard depth <= Self.depthLimit else {
      throw .tooLarge(path: path, what: "levels of elements", limit: Self.depthLimit)
    }
    let name = unsafe Self.string(xmlTextReaderConstName(reader))
    let isEmpty = unsafe xmlTextReaderIsEmptyElement(reader) == 1
    guard unsafe xmlTextReaderAttributeCount(reader) <= Self.attributeLimit else {
      throw .tooLarge(path: path, what: "attributes of one element", limit: Self.attributeLimit)
    }
    var attributes: [String: String] = [:]
    while unsafe xmlTextReaderMoveToNextAttribute(reader) == 1 {
      attributes[unsafe Self.string(xmlTextReaderConstName(reader))] = unsafe Self.string(
        xmlTextReaderConstValue(reader))
    }
    if isEmpty { pendingEnd = name }
    return .start(name: name, attributes: attributes)
  }

  private var line: Int { Int(unsafe xmlTextReaderGetParserLineNumber(reader)) }

  private static func string(_ text: UnsafePointer<xmlChar>?) -> String {
    guard let text = unsafe text else { return "" }
    return unsafe String(cString: text)
  }
}
