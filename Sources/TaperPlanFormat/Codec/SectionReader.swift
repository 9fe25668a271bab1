package import TaperBase

/// Reads the values of one section; errors name it.
typealias SectionReader = ByteReader<SectionKind>

extension SectionKind: ByteReaderContext {
  package func truncated(offset: UInt64, needed: UInt64, available: UInt64) -> PlanFormatError {
    .truncated(section: self, needed: needed, available: available)
  }

  package func malformed(_ value: MalformedValue, offset: UInt64, found: UInt64) -> PlanFormatError {
    .malformed(section: self, value: value, offset: offset, found: found)
  }
}
