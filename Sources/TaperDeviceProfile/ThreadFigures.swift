public import TaperPlanFormat

/// Speeds of the machine with a given number of threads, independent of any op.
public struct ThreadFigures: Hashable, Sendable {
  public var threads: Int
  /// Bytes a second from memory (far beyond the last cache), in one sequential stream for each thread.
  public var bandwidthOneStream: UInt64
  /// The same in eight distant streams for each thread.
  public var bandwidthManyStreams: UInt64
  /// FLOPs a second of the fastest large product measured.
  public var computePeak: UInt64
  /// The fork and join of an op that does nothing, with workers awake.
  public var opOverhead: Nanoseconds
  /// The overhead of a run beyond its ops, when it directly follows another.
  public var runOverhead: Nanoseconds
  /// How much longer the first run after a pause takes, because sleeping workers must wake. Nil where not measured.
  public var wake: Nanoseconds?
  /// How fast memory is read repeatedly, by its size, ascending. The rate falls where a cache ends. Empty where not
  /// measured.
  public var footprints: [FootprintRate]
  /// Median times of the reference kernels during the measurement; nil in a profile without them.
  public var references: ReferenceTimes?
  /// How the times of runs spread; nil in a profile without it.
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

  /// The higher of the two bandwidths, in bytes a second.
  public var bandwidth: UInt64 { max(bandwidthOneStream, bandwidthManyStreams) }
}

/// How fast this many bytes are read repeatedly.
public struct FootprintRate: Hashable, Sendable {
  public var byteCount: UInt64
  public var bytesPerSecond: UInt64
  public init(byteCount: UInt64, bytesPerSecond: UInt64) {
    self.byteCount = byteCount
    self.bytesPerSecond = bytesPerSecond
  }
}
