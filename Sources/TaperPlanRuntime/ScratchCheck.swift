internal import CTaperKernels
package import TaperPlanFormat

/// Compares the scratch that a plan provides with what the kernels of this program will write.
///
/// Plans outlive builds, and the validator's rule is arithmetic of its own: a kernel whose block was enlarged must not
/// write past the scratch of a plan made before. So the C side is asked here, once, when a plan is loaded.
package enum ScratchCheck {
  /// Elements of scratch for each worker of a kernel at these sizes.
  package typealias Need = (_ kernel: KernelID, _ rows: Int, _ innerRows: Int, _ depth: Int) -> Int

  /// - Throws: `RuntimeError.scratchTooSmall`.
  package static func run(_ plan: Plan, need: Need = ScratchCheck.need) throws(RuntimeError) {
    var most = [Int](repeating: 0, count: plan.schedule.layerCount + 1)
    for length in 1...plan.schedule.maximumLength {
      for layer in most.indices {
        most[layer] = max(most[layer], plan.schedule.tokens(after: layer, length: length))
      }
    }
    for selection in plan.selections {
      let op = plan.ops[Int(selection.op)]
      let rows = op.rows.layer.map { most[$0] } ?? 1
      // A product copies rows only where an index names them.
      let copied = op.index.isNone ? 0 : rows
      let needed = need(selection.kernel, copied, op.innerRows.layer.map { most[$0] } ?? 1, Int(op.depth))
      let found = op.scratch.isNone ? 0 : Int(op.scratchStride)
      guard needed <= found else {
        throw .scratchTooSmall(
          op: Int(selection.op), kernel: selection.kernel, expected: needed, found: found)
      }
    }
  }

  /// What the C side says. Every size grows with the row counts, so the largest stand for all.
  package static func need(_ kernel: KernelID, rows: Int, innerRows: Int, depth: Int) -> Int {
    guard let found = unsafe ck_find_kernel(kernel.rawValue) else { return 0 }
    let rule = unsafe found.pointee.scratch
    // The driver does without where there is none.
    if rule == CK_SCRATCH_OPTIONAL_ATTENTION { return 0 }
    return ck_scratch_elements(rule, UInt32(rows), UInt32(innerRows), UInt32(depth))
  }
}
