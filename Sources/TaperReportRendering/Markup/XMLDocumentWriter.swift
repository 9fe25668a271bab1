import CLibXML2

/// Writes elements as an XML document in memory. libxml2 writes and escapes; elements hold elements only, and what
/// they say is in attributes.
///
/// @safe: the pointers stay inside, from `init` to `deinit`. Characters that XML 1.0 cannot hold become U+FFFD.
@safe final class XMLDocumentWriter {
  private let buffer: xmlBufferPtr
  private let writer: xmlTextWriterPtr

  init() {
    guard let buffer = unsafe xmlBufferCreate(), let writer = unsafe xmlNewTextWriterMemory(buffer, 0) else {
      preconditionFailure("libxml2 has no memory for a document")
    }
    unsafe self.buffer = unsafe buffer
    unsafe self.writer = unsafe writer
    unsafe xmlTextWriterSetIndent(writer, 1)
    unsafe xmlTextWriterSetIndentString(writer, "  ")
    unsafe xmlTextWriterStartDocument(writer, "1.0", "UTF-8", nil)
  }

  deinit {
    unsafe xmlFreeTextWriter(writer)
    unsafe xmlBufferFree(buffer)
  }

  func write(_ element: Element) {
    unsafe xmlTextWriterStartElement(writer, element.name)
    for (name, value) in element.attributes {
      unsafe xmlTextWriterWriteAttribute(writer, name, Element.representable(value))
    }
    for child in element.children { write(child) }
    unsafe xmlTextWriterEndElement(writer)
  }

  /// The document so far, with what is open closed.
  func text() -> String {
    unsafe xmlTextWriterEndDocument(writer)
    unsafe xmlTextWriterFlush(writer)
    guard let content = unsafe xmlBufferContent(buffer) else { return "" }
    return unsafe String(cString: content)
  }
}
