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
  /// What a run costs beyond its ops: waking workers that slept between two requests.
  public var runOverhead: Nanoseconds

  public init(
    threads: Int, bandwidthOneStream: UInt64, bandwidthManyStreams: UInt64, computePeak: UInt64,
    opOverhead: Nanoseconds, runOverhead: Nanoseconds
  ) {
    self.threads = threads
    self.bandwidthOneStream = bandwidthOneStream
    self.bandwidthManyStreams = bandwidthManyStreams
    self.computePeak = computePeak
    self.opOverhead = opOverhead
    self.runOverhead = runOverhead
  }

  /// The better of the two bandwidths, bytes a second.
  public var bandwidth: UInt64 { max(bandwidthOneStream, bandwidthManyStreams) }
}
