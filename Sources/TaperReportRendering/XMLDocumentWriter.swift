import CLibXML2

/// Writes an XML document into memory with libxml2, which does the escaping.
///
/// @safe: the pointers stay inside, from `init` to `finish` or `deinit`. Its memory is freed by `finish`, or
/// when the writer goes. Characters that XML 1.0 cannot hold become U+FFFD.
@safe final class XMLDocumentWriter {
  private let buffer: xmlBufferPtr
  private var writer: xmlTextWriterPtr?

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
    if let writer = unsafe writer { unsafe xmlFreeTextWriter(writer) }
    unsafe xmlBufferFree(buffer)
  }

  /// An element with its attributes; `content` writes what is inside.
  func element(_ name: String, _ attributes: [(String, String)] = [], content: () -> Void) {
    unsafe xmlTextWriterStartElement(writer, name)
    for (key, value) in attributes {
      unsafe xmlTextWriterWriteAttribute(writer, key, XMLDocumentWriter.clean(value))
    }
    content()
    unsafe xmlTextWriterEndElement(writer)
  }

  /// The document; nothing can be written after it.
  func finish() -> String {
    unsafe xmlTextWriterEndDocument(writer)
    unsafe xmlFreeTextWriter(writer)
    unsafe writer = nil
    guard let content = unsafe xmlBufferContent(buffer) else { return "" }
    return unsafe String(cString: content)
  }

  private static func clean(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      let isAllowed =
        scalar.value >= 0x20 && scalar.value != 0xFFFE && scalar.value != 0xFFFF || scalar == "\t"
        || scalar == "\n" || scalar == "\r"
      result.append(isAllowed ? scalar : "\u{FFFD}")
    }
    return String(result)
  }
}
