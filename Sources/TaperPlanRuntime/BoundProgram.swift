internal import CTaperKernels
internal import TaperPlanFormat

/// A plan bound to a session's memory: the ops, their kernels, the schedule and the input buffers in one allocation,
/// and the loop that executes them.
///
/// The allocation holds, in this order: ops, operations, kernels, traces, input ids, token types, keep counts, and the
/// counts of the current run, each on a cache line. Everything in it is BitwiseCopyable.
@safe struct BoundProgram: ~Copyable {
  private let memory: UnsafeMutableRawPointer
  let opCount: Int
  let ops: UnsafeMutablePointer<BoundOp>
  /// What the drivers read; entry i belongs to entry i of `ops`.
  let operations: UnsafeMutablePointer<ck_op>
  let kernels: UnsafeMutablePointer<BoundKernel>
  /// One entry an op; nil when tracing is off.
  let traces: UnsafeMutablePointer<OpTrace>?
  /// `maximumLength` elements each.
  let ids: UnsafeMutablePointer<UInt32>
  let typeIDs: UnsafeMutablePointer<UInt32>
  /// Schedule.keepCounts: row n − 1 starts at (n − 1) · stride.
  let keepCounts: UnsafeMutablePointer<UInt16>
  let keepCountStride: Int
  /// T(0)…T(L) of the current or last run: the schedule's counts for its length, lowered from a layer on where that
  /// layer's selection kept fewer rows. All later ops run on the rows that remain.
  let tokens: UnsafeMutablePointer<UInt16>
  /// Rows that the last such selection kept.
  private let kept: UnsafeMutablePointer<UInt32>

  /// The arena must outlive the program.
  init(_ loaded: LoadedPlan, arena: borrowing Arena, table: OpaquePointer, tracing: Bool) {
    let plan = loaded.plan
    let length = plan.schedule.maximumLength
    var layout = Layout()
    let opsAt = layout.place(plan.ops.count, of: BoundOp.self)
    let operationsAt = unsafe layout.place(plan.ops.count, of: ck_op.self)
    let kernelsAt = layout.place(plan.selections.count, of: BoundKernel.self)
    let tracesAt = layout.place(tracing ? plan.ops.count : 0, of: OpTrace.self)
    let idsAt = layout.place(length, of: UInt32.self)
    let typesAt = layout.place(length, of: UInt32.self)
    let keepCountsAt = layout.place(plan.schedule.keepCounts.count, of: UInt16.self)
    let tokensAt = layout.place(plan.schedule.layerCount + 1, of: UInt16.self)
    let keptAt = layout.place(1, of: UInt32.self)

    let memory = UnsafeMutableRawPointer.allocate(byteCount: max(layout.byteCount, 1), alignment: 64)
    unsafe self.memory = memory
    opCount = plan.ops.count
    unsafe ops = (memory + opsAt).bindMemory(to: BoundOp.self, capacity: plan.ops.count)
    unsafe operations = (memory + operationsAt).bindMemory(to: ck_op.self, capacity: plan.ops.count)
    unsafe kernels = (memory + kernelsAt).bindMemory(to: BoundKernel.self, capacity: plan.selections.count)
    if tracing {
      let traces = unsafe (memory + tracesAt).bindMemory(to: OpTrace.self, capacity: plan.ops.count)
      unsafe traces.initialize(repeating: .skipped, count: plan.ops.count)
      unsafe self.traces = unsafe traces
    } else {
      unsafe traces = nil
    }
    unsafe ids = (memory + idsAt).bindMemory(to: UInt32.self, capacity: length)
    unsafe ids.initialize(repeating: 0, count: length)
    unsafe typeIDs = (memory + typesAt).bindMemory(to: UInt32.self, capacity: length)
    unsafe typeIDs.initialize(repeating: 0, count: length)
    unsafe keepCounts = (memory + keepCountsAt).bindMemory(
      to: UInt16.self, capacity: plan.schedule.keepCounts.count)
    for (i, count) in plan.schedule.keepCounts.enumerated() { unsafe keepCounts[i] = count }
    keepCountStride = plan.schedule.layerCount + 1
    unsafe tokens = (memory + tokensAt).bindMemory(to: UInt16.self, capacity: keepCountStride)
    unsafe tokens.initialize(repeating: 0, count: keepCountStride)
    unsafe kept = (memory + keptAt).bindMemory(to: UInt32.self, capacity: 1)
    unsafe kept.initialize(to: 0)

    let binder = unsafe OpBinder(
      plan: plan, arena: arena.base, weights: loaded.weightBase, ids: ids, typeIDs: typeIDs, kept: kept,
      table: table, tiled: ck_table_encoded_layout(table) == CK_ENCODED_TILES ? TiledSlots.find(in: plan) : []
    )
    var next = 0
    for (number, op) in plan.ops.enumerated() {
      let first = next
      while next < plan.selections.count, Int(plan.selections[next].op) == number {
        let selection = plan.selections[next]
        // LoadedPlan has refused plans with kernels this program lacks.
        let kernel = unsafe ck_find_kernel(selection.kernel.rawValue)!.pointee
        unsafe (kernels + next).initialize(
          to: BoundKernel(maximumRows: UInt32(selection.maximumRows), kernel: kernel))
        next += 1
      }
      unsafe (ops + number).initialize(
        to: binder.decisions(of: op, firstSelection: first, selectionCount: next - first))
      unsafe (operations + number).initialize(to: binder.operands(of: op))
    }
  }

  deinit { unsafe memory.deallocate() }

  /// Runs, in order, every op whose guard holds for an input of `length` tokens. With `halting` the run ends at the
  /// first halting point whose test says that the answer is final. Tokens from number `keys` on are keys to none,
  /// and the first `unpooled` ones are not pooled. Returns the number of layers run.
  ///
  /// The hot path: plain loads, stores and C calls; no allocation, no reference counting (tools/check-hot-path).
  @inline(never)
  func execute(
    length: Int, keys: UInt32 = .max, unpooled: UInt32 = 0, halting: Bool, on pool: OpaquePointer
  ) -> Int {
    let row = unsafe keepCounts + (length &- 1) &* keepCountStride
    for layer in 0..<keepCountStride { unsafe tokens[layer] = row[layer] }
    for number in 0..<opCount {
      let bound = unsafe ops + number
      let op = unsafe operations + number
      let layer = unsafe Int(bound.pointee.layer)
      let reduces = Schedule.isReduced(layer: layer, layerCount: keepCountStride &- 1) { unsafe tokens[$0] }
      let condition = unsafe bound.pointee.condition
      guard condition.holds(isReduced: reduces) else {
        if let traces = unsafe traces { unsafe traces[number] = .skipped }
        continue
      }

      let rows = unsafe Self.value(of: bound.pointee.rows, tokens)
      unsafe op.pointee.rows = rows
      let inner = unsafe Self.value(of: bound.pointee.innerRows, tokens)
      unsafe op.pointee.stored_rows = inner
      unsafe op.pointee.inner_rows = bound.pointee.readsKeys ? min(inner, keys) : inner
      unsafe op.pointee.first_row = bound.pointee.pools ? unpooled : 0
      // Where the layer drops nothing, no op wrote the index for this length, and it is not read: row i is row i.
      unsafe op.pointee.index = reduces ? bound.pointee.index : nil

      var kernel = unsafe kernels + Int(bound.pointee.firstSelection)
      let last = unsafe kernel + Int(bound.pointee.selectionCount) - 1
      while unsafe kernel < last, unsafe rows > kernel.pointee.maximumRows { unsafe kernel += 1 }
      if let traces = unsafe traces {
        let start = ck_now_ns()
        unsafe ck_kernel_run(pool, &kernel.pointee.kernel, op)
        unsafe traces[number] = OpTrace(start: Nanoseconds(start), end: Nanoseconds(ck_now_ns()))
      } else {
        unsafe ck_kernel_run(pool, &kernel.pointee.kernel, op)
      }
      switch unsafe bound.pointee.effect {
      case .none, .selects: break
      case .counts:
        // At most the schedule's count, so it fits. Later layers have no more rows than leave this one.
        let count = unsafe UInt16(truncatingIfNeeded: kept.pointee)
        for later in layer..<keepCountStride { unsafe tokens[later] = min(tokens[later], count) }
      case .halts:
        guard halting, unsafe op.pointee.y[0] != 0 else { continue }
        skip(from: number &+ 1)
        return layer
      }
    }
    return keepCountStride &- 1
  }

  /// Marks the traces of ops that a run did not reach.
  private func skip(from number: Int) {
    guard let traces = unsafe traces else { return }
    for later in number..<opCount { unsafe traces[later] = .skipped }
  }

  @inline(__always)
  private static func value(of rows: UInt16, _ tokens: UnsafeMutablePointer<UInt16>) -> UInt32 {
    unsafe rows == BoundOp.one ? 1 : UInt32(tokens[Int(rows)])
  }

  /// Places arrays one after the other, each on a cache line.
  private struct Layout {
    var byteCount = 0
    mutating func place<Element>(_ count: Int, of type: Element.Type) -> Int {
      let offset = (byteCount + 63) & ~63
      byteCount = offset + count * MemoryLayout<Element>.stride
      return offset
    }
  }
}
