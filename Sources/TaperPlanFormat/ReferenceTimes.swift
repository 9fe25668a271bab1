/// Times of the two reference kernels (`ReferenceKernels`), which tell how fast a machine is right now: one bound by
/// arithmetic, one by memory.
public struct ReferenceTimes: BitwiseCopyable, Hashable, Sendable {
  public var compute: Nanoseconds
  public var bandwidth: Nanoseconds

  public init(compute: Nanoseconds, bandwidth: Nanoseconds) {
    self.compute = compute
    self.bandwidth = bandwidth
  }

  public var sum: Nanoseconds { compute + bandwidth }
}
