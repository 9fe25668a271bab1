internal import CTaperKernels
internal import TaperPlanFormat

/// Turns planned ops into bound ones: every operand becomes a pointer into the arena or the weights, once.
///
/// Bounds are not checked again: `PlanValidator` has proved every operand to lie inside its slot for every length.
@safe struct OpBinder {
  let plan: Plan
  let arena: UnsafeMutableRawPointer
  let weights: UnsafeRawPointer?
  let ids: UnsafePointer<UInt32>
  let typeIDs: UnsafePointer<UInt32>
  /// Where a selection by threshold writes how many rows it kept.
  let kept: UnsafeMutablePointer<UInt32>
  let table: OpaquePointer
  /// Slots whose encoded rows lie in tiles.
  let tiled: Set<UInt16>

  func decisions(of op: PlanOp, firstSelection: Int, selectionCount: Int) -> BoundOp {
    unsafe BoundOp(
      rows: op.rows.rawValue, innerRows: op.innerRows.rawValue,
      layer: op.layer, condition: op.condition, effect: op.kind.definition.effect,
      readsKeys: op.kind.definition.family == .attention && op.kind.definition.variables == .both,
      pools: op.kind.definition.pools && op.innerRows != .one,
      firstSelection: UInt32(firstSelection),
      selectionCount: UInt32(selectionCount), index: readable(op.index))
  }

  /// The fields of a `ck_op` that are the same for every input; rows, inner_rows and index are set by each run.
  func operands(of op: PlanOp) -> ck_op {
    var bound = unsafe ck_op()
    unsafe bound.columns = op.columns
    unsafe bound.depth = op.depth
    unsafe bound.heads = UInt32(op.heads)
    unsafe bound.parts = UInt32(op.parts)
    unsafe bound.extent = op.extent
    unsafe bound.activation = ck_activation(rawValue: UInt32(op.activation.rawValue))
    unsafe bound.epsilon = op.epsilon
    unsafe bound.scale = op.scale
    unsafe bound.lda = op.a.leading
    unsafe bound.ldb = op.b.leading
    unsafe bound.ldc = op.c.leading
    unsafe bound.ldy = op.output.leading
    unsafe bound.a_layout = encodedLayout(op.a)
    unsafe bound.y_layout = encodedLayout(op.output)
    unsafe bound.a = readable(op.a)
    unsafe bound.b = readable(op.b)
    unsafe bound.c = readable(op.c)
    if !op.output.isNone, plan.arena.slots[Int(op.output.slot)].element == .u32 {
      unsafe bound.index_out = writable(op.output)
    } else {
      unsafe bound.y = writable(op.output)
    }
    unsafe bound.y2 = writable(op.output2)
    if op.kind.definition.operand(.c)?.isWritten ?? false { unsafe bound.normed = writable(op.c) }
    unsafe bound.origin = readable(op.origin)
    unsafe bound.scratch = writable(op.scratch)
    unsafe bound.scratch_stride = Int(op.scratchStride)
    unsafe bound.weight = UnsafeRawPointer(tensor(op.weight))
    unsafe bound.bias = tensor(op.bias)
    unsafe bound.gamma = tensor(op.gamma)
    unsafe bound.beta = tensor(op.beta)
    unsafe bound.table0 = tensor(op.table0)
    unsafe bound.table1 = tensor(op.table1)
    unsafe bound.table2 = tensor(op.table2)
    if op.kind.family == .embeddings {
      unsafe bound.ids = ids
      unsafe bound.type_ids = typeIDs
    }
    if op.kind.isDynamic { unsafe bound.count_out = kept }
    unsafe bound.table = table
    return unsafe bound
  }

  private func encodedLayout(_ operand: Operand) -> ck_encoded_layout {
    !operand.isNone && tiled.contains(operand.slot) ? CK_ENCODED_TILES : CK_ENCODED_ROWS
  }

  private func address(_ operand: Operand) -> UnsafeMutableRawPointer? {
    if operand.isNone { return nil }
    let slot = plan.arena.slots[Int(operand.slot)]
    return unsafe arena + Int(slot.offset.rawValue) + Int(operand.offset) * slot.element.byteCount
  }

  private func writable<Element>(_ operand: Operand) -> UnsafeMutablePointer<Element>? {
    unsafe address(operand)?.assumingMemoryBound(to: Element.self)
  }

  private func readable<Element>(_ operand: Operand) -> UnsafePointer<Element>? {
    unsafe UnsafePointer(writable(operand))
  }

  private func tensor(_ reference: WeightReference) -> UnsafePointer<Float>? {
    guard !reference.isNone, let weights = unsafe weights else { return nil }
    let entry = plan.weights.entries[Int(reference.rawValue)]
    return unsafe (weights + Int(entry.offset.rawValue)).assumingMemoryBound(to: Float.self)
  }
}
