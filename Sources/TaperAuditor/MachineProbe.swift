package import TaperPlanFormat
package import TaperPlanRuntime
import TaperProbe

/// Samples of the reference kernels between a session's runs, on its own workers.
package struct MachineProbe: ~Copyable {
  private let kernels: ReferenceKernels
  /// In the order measured; at least one.
  package private(set) var times: [ReferenceTimes] = []

  /// Takes the first sample.
  package init(_ session: borrowing Session) throws(AuditError) {
    guard let kernels = ReferenceKernels(threads: session.threads) else { throw .noMemoryToProbe }
    self.kernels = kernels
    measure(session)
  }

  package mutating func measure(_ session: borrowing Session) {
    times.append(unsafe session.withWorkers { unsafe kernels.measure(on: $0) })
  }
}
