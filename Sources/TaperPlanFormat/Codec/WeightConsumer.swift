import TaperBase

#if !hasFeature(Embedded)  // Embedded Swift has no C library to write files with.
  /// Takes a weights section in order, tensor by tensor: digests it and, with a sink, writes it.
  public struct WeightConsumer {
    private var hash = SHA256()
    private let sink: FileSink<PlanFormatError>?
    private var position: UInt64 = 0
    /// Where the current entry ends.
    private var limit: UInt64 = 0
    private var found: UInt64 = 0
    private var entry: WeightEntry?

    init(sink: FileSink<PlanFormatError>?) { self.sink = sink }

    /// Appends bytes of the current entry.
    public mutating func append(_ bytes: UnsafeRawBufferPointer) throws(PlanFormatError) {
      found += UInt64(bytes.count)
      guard UInt64(bytes.count) <= limit - position else {
        throw .weightEntrySize(
          name: entry?.name ?? "", expected: entry?.byteCount.rawValue ?? 0, found: found)
      }
      unsafe try take(bytes)
    }

    mutating func begin(_ entry: WeightEntry) throws(PlanFormatError) {
      try pad(to: entry.offset.rawValue)
      self.entry = entry
      found = 0
      limit = position + entry.byteCount.rawValue
    }

    func end() throws(PlanFormatError) {
      guard position == limit else {
        throw .weightEntrySize(
          name: entry?.name ?? "", expected: entry?.byteCount.rawValue ?? 0, found: found)
      }
    }

    /// Pads with zeros up to `end` of the section.
    mutating func pad(to end: UInt64) throws(PlanFormatError) {
      while position < end {
        let zeros = [UInt8](repeating: 0, count: Int(min(end - position, 4096)))
        hash.updateZeros(zeros.count)
        if let sink { try sink.write(zeros) }
        position += UInt64(zeros.count)
      }
    }

    consuming func finish() -> Digest { hash.finalize() }

    private mutating func take(_ bytes: UnsafeRawBufferPointer) throws(PlanFormatError) {
      unsafe hash.update(bytes)
      if let sink { unsafe try sink.write(bytes) }
      position += UInt64(bytes.count)
    }
  }
#endif
