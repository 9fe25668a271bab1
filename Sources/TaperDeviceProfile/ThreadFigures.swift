public import TaperPlanFormat

/// What the machine does with a given number of threads, whatever the op.
public struct ThreadFigures: Hashable, Sendable {
  public var threads: Int
  /// Bytes read in a second from memory (far beyond the last cache), one sequential stream for each thread.
  public var bandwidthOneStream: UInt64
  /// The same with eight distant streams for each thread.
  public var bandwidthManyStreams: UInt64
  /// FLOP in a second of the fastest large product seen.
  public var computePeak: UInt64
  /// One fork and join of an op that does nothing, workers awake.
  public var opOverhead: Nanoseconds
  /// What a run costs beyond its ops when it follows another at once.
  public var runOverhead: Nanoseconds
  /// How much longer the first run takes after a pause: waking workers that fell asleep. Nil where not measured.
  public var wake: Nanoseconds?
  /// How fast memory is read over and over, by how much of it, ascending by size: where it begins to fall, caches end.
  /// Empty where not measured.
  public var footprints: [FootprintRate]
  /// The reference kernels while this was measured, medians; nil in a profile that does not say.
  public var references: ReferenceTimes?
  /// How runs spread; nil in a profile that does not say.
  public var tail: TailRatios?

  public init(
    threads: Int, bandwidthOneStream: UInt64, bandwidthManyStreams: UInt64, computePeak: UInt64,
    opOverhead: Nanoseconds, runOverhead: Nanoseconds, wake: Nanoseconds? = nil,
    footprints: [FootprintRate] = [], references: ReferenceTimes? = nil, tail: TailRatios? = nil
  ) {
    self.threads = threads
    self.bandwidthOneStream = bandwidthOneStream
    self.bandwidthManyStreams = bandwidthManyStreams
    self.computePeak = computePeak
    self.opOverhead = opOverhead
    self.runOverhead = runOverhead
    self.wake = wake
    self.footprints = footprints
    self.references = references
    self.tail = tail
  }

  /// The better of the two bandwidths, bytes a second.
  public var bandwidth: UInt64 { max(bandwidthOneStream, bandwidthManyStreams) }
}

/// How fast so many bytes are read over and over.
public struct FootprintRate: Hashable, Sendable {
  public var byteCount: UInt64
  public var bytesPerSecond: UInt64
  public init(byteCount: UInt64, bytesPerSecond: UInt64) {
    self.byteCount = byteCount
    self.bytesPerSecond = bytesPerSecond
  }
}
