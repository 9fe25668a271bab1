import CAllocationCounter
import Glibc
import TaperPlanRuntime
import TestSupport
import Testing

/// A run allocates nothing on the heap, on any thread of the process. Each test counts in a process of its own, where no
/// other test allocates.
@Suite struct AllocationTests {
  @Test func theCounterCounts() async {
    await #expect(processExitsWith: .success) {
      ac_start()
      var copies: [UInt] = []
      for _ in 0..<10 { copies.append(unsafe UInt(bitPattern: strdup("a copy made inside the C library"))) }
      let count = ac_stop()
      // Ten inside the C library, and some of Swift's for the growing array.
      guard count > 10, count < 20, !copies.contains(0) else { exit(1) }
    }
  }

  @Test func aRunAllocatesNothing() async {
    await #expect(processExitsWith: .success) {
      let toy = ToyPlan(keep: { $0 < 20 ? $0 : 12 })
      let loaded = try LoadedPlan(plan: toy.plan, weightBytes: toy.weightBytes)
      for threads in [1, 2, 4] {
        for tracing in [false, true] {
          var session = try Session(loaded, threads: threads, tracing: tracing)
          let ids = [UInt32](repeating: 3, count: 40)
          // OpenBLAS sets up its buffers when it is called first.
          session.warmUp()
          ac_start()
          for round in 0..<100 {
            let length = round % 40 + 1
            try session.run(ids: ids.span.extracting(first: length), typeIDs: [UInt32]().span)
            session.withResult { if $0[0].isNaN { exit(2) } }
          }
          guard ac_stop() == 0 else { exit(1) }
        }
      }
    }
  }
}
