public import TaperBase

#if !hasFeature(Embedded)  // Embedded Swift has no C library to write files with.
  /// Writes plans and weights files: into a temporary file in the same folder, flushed to disk, then renamed, so that a
  /// reader sees the old file or the whole new one.
  ///
  /// Weights are streamed tensor by tensor: the source is asked once, and its bytes are digested as they are written.
  /// What comes before them, the digest included, is written last.
  public enum PlanWriter {
    /// Appends the bytes of weights entry `entry`, in one piece or several in order, to `consumer`. Called once for
    /// every entry, in order. For a failure of its own it throws `.weightSource`.
    public typealias WeightSource = (
      _ entry: Int, _ consumer: inout WeightConsumer
    ) throws(PlanFormatError) -> Void

    /// Writes a plan whose weights are in a weights file (`plan.weights.isEmbedded` is false and its digest is right).
    public static func write(_ plan: Plan, to path: String) throws(PlanFormatError) {
      guard !plan.weights.isEmbedded else {
        throw .weightsSize(expected: plan.weights.byteCount.rawValue, found: 0)
      }
      try PlanValidator.validate(plan)
      try FileSink.write(path) { (sink) throws(PlanFormatError) in
        try sink.write(PlanCodec.prefix(of: plan))
      }
    }

    /// Writes a plan with its weights inside. Returns it with the weights' digest and `isEmbedded` set.
    @discardableResult
    public static func write(
      _ plan: Plan, to path: String, weights source: WeightSource
    ) throws(PlanFormatError) -> Plan {
      var plan = plan
      plan.weights.isEmbedded = true
      try PlanValidator.validateWeightsIndex(plan.weights)
      try PlanValidator.validate(plan)
      try FileSink.write(path) { (sink) throws(PlanFormatError) in
        let place = PlanCodec.prefix(of: plan).count
        plan.weights.digest = try write(plan.weights, from: source, after: place, into: sink)
        try sink.rewrite(PlanCodec.prefix(of: plan))
      }
      return plan
    }

    /// Writes the weights file of `index` into `folder` under its own name; returns the index with the digest put in,
    /// to be given to the plans that share the file, and the file's path.
    @discardableResult
    public static func writeWeightsFile(
      _ index: WeightsIndex, inFolder folder: String, weights source: WeightSource
    ) throws(PlanFormatError) -> (index: WeightsIndex, path: String) {
      try PlanValidator.validateWeightsIndex(index)
      var index = index
      index.isEmbedded = false
      let path = try FileSink.write(inFolder: folder) { (sink) throws(PlanFormatError) in
        let place = WeightsFile.encodeHeader(index).count
        index.digest = try write(index, from: source, after: place, into: sink)
        try sink.rewrite(WeightsFile.encodeHeader(index))
        return WeightsFile.name(for: index.digest)
      }
      return (index, path)
    }

    private static func write(
      _ index: WeightsIndex, from source: WeightSource, after place: Int, into sink: FileSink<PlanFormatError>
    ) throws(PlanFormatError) -> Digest {
      try sink.write([UInt8](repeating: 0, count: place))
      return try stream(index, from: source, into: sink)
    }

    /// SHA-256 of the weights section with the entries of `source` at the offsets in `index`, and zeros between them.
    public static func digest(
      of index: WeightsIndex, weights source: WeightSource
    ) throws(PlanFormatError) -> Digest {
      try stream(index, from: source, into: nil)
    }

    /// Streams the weights section in order, `index.byteCount` bytes in all; its digest.
    /// - Precondition: the index is valid: entries ascend and do not overlap.
    private static func stream(
      _ index: WeightsIndex, from source: WeightSource, into sink: FileSink<PlanFormatError>?
    ) throws(PlanFormatError) -> Digest {
      var consumer = WeightConsumer(sink: sink)
      for (number, entry) in index.entries.enumerated() {
        try consumer.begin(entry)
        try source(number, &consumer)
        try consumer.end()
      }
      try consumer.pad(to: index.byteCount.rawValue)
      return consumer.finish()
    }
  }
#endif
