/// Times of the two reference kernels (`ReferenceKernels`), one bound by arithmetic and one by memory, which tell the
/// speed of the machine at the moment.
public struct ReferenceTimes: BitwiseCopyable, Hashable, Sendable {
  public var compute: Nanoseconds
  public var bandwidth: Nanoseconds

  public init(compute: Nanoseconds, bandwidth: Nanoseconds) {
    self.compute = compute
    self.bandwidth = bandwidth
  }

  public var sum: Nanoseconds { compute + bandwidth }
}
