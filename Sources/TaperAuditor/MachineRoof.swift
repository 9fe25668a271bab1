/// What the machine can do at most, as a device profile measured it with the audit's threads.
public struct MachineRoof: Hashable, Sendable {
  /// FLOP a second.
  public var compute: Double
  /// Bytes a second from memory.
  public var bandwidth: Double

  public init(compute: Double, bandwidth: Double) {
    self.compute = compute
    self.bandwidth = bandwidth
  }
}
