internal import CTaperKernels
internal import Glibc
internal import TaperDeviceProfile
internal import TaperPlanFormat

/// A measurement point bound to memory: a `ck_op` like the runtime's, with the operands that the definition of its kind
/// names, and the kernel that the runtime would run.
@safe struct MeasuredOp {
  private(set) var op: ck_op
  private var kernel: ck_kernel
  /// Size of the weight in the ring, in f32 elements.
  private var weightCount = 0
  /// Elements of a, b, c and output that are warm. Outputs are warm where planned ops work in place.
  private var warmCounts = [0, 0, 0, 0]
  /// Size of the output in f32 elements; 0 where the op works in place.
  private var outputCount = 0
  private let definition: OpDefinition
  private let isNear: Bool

  /// Precondition: the shape's buffers fit in `buffers` and the kernel exists.
  init(_ point: MeasurementPoint, buffers: WorkBuffers, table: OpaquePointer) {
    guard let found = unsafe ck_find_kernel(point.kernel.rawValue) else {
      preconditionFailure("kernel \(point.kernel.rawValue) is not in this build")
    }
    unsafe kernel = found.pointee
    let shape = point.shape
    definition = shape.kind.definition
    isNear = point.isNear
    unsafe op = ck_op()
    unsafe op.rows = UInt32(point.rows)
    unsafe op.inner_rows = UInt32(point.innerRows)
    unsafe op.stored_rows = UInt32(point.innerRows)
    unsafe op.columns = UInt32(shape.columns)
    unsafe op.depth = UInt32(shape.depth)
    unsafe op.heads = UInt32(shape.heads)
    unsafe op.parts = UInt32(shape.parts)
    unsafe op.activation = ck_activation(rawValue: UInt32(shape.activation.rawValue))
    unsafe op.epsilon = 1e-12
    let isAttention = definition.family == .attention
    unsafe op.scale = isAttention ? 1 / Float(shape.depth).squareRoot() : 1
    // The reach of a relative bias, or the layers left of a halting test.
    if shape.relativeBias { unsafe op.extent = UInt32(point.innerRows) }
    if shape.kind.haltingRule != nil { unsafe op.extent = 3 }
    unsafe op.y = buffers.activations[3]
    unsafe op.y2 = buffers.activations[4]
    unsafe op.scratch = buffers.scratch
    unsafe op.scratch_stride = buffers.scratchStride
    unsafe op.table = table
    for operand in definition.operands { bind(operand, point, buffers) }
    if definition.allowsInPlace && !definition.encodes {
      (warmCounts[3], outputCount) = (warmCounts[0], 0)
    }
    // Queries, keys and values are column views of one slot, as a fused product writes them.
    if isAttention, !point.kernel.readsEncoded {
      warmCounts[0] = 3 * max(point.rows, point.innerRows) * shape.heads * shape.depth
    }
  }

  private mutating func bind(_ operand: OperandDefinition, _ point: MeasurementPoint, _ buffers: WorkBuffers)
  {
    let shape = point.shape
    let heads = shape.heads * point.innerRows
    switch operand.content {
    case .rows(let span, let width, let element):
      let rows = span == .one ? 1 : [.rows, .indexed].contains(span) ? point.rows : point.innerRows
      bind(
        operand.role, rows: rows,
        width: width.elements(columns: shape.columns, depth: shape.depth, heads: shape.heads),
        elements(element, point.kernel), buffers)
    case .pairs(let span):
      // Only with int8, which reads or writes them.
      let rows = span == .one ? 1 : point.rows
      if operand.role == .b {
        bind(.b, rows: 1, width: point.kernel.weightLayout.activation == .i8 ? 2 * rows : 0, .f32, buffers)
      }
    case .scores where operand.role == .a: bind(.a, rows: 1, width: heads, .f32, buffers)
    case .probabilities:
      bind(operand.role, rows: shape.heads * point.innerRows, width: point.innerRows, .f32, buffers)
    case .numbers:
      unsafe op.index_out = buffers.indexOut
      unsafe op.count_out = buffers.indexOut
    case .renumbered:
      // In place: the identity composed with itself stays the identity.
      unsafe op.index_out = buffers.identity
    case .index where definition.family == .selection: unsafe op.index = UnsafePointer(buffers.identity)
    case .positions where definition.family == .selection: unsafe op.origin = UnsafePointer(buffers.identity)
    case .tensor(let tensor): bind(operand.role, tensor, point, buffers)
    case .scores, .index, .positions: break
    }
  }

  private mutating func bind(
    _ role: OperandRole, rows: Int, width: Int, _ element: ElementType, _ buffers: WorkBuffers
  ) {
    let stored = (width + element.group - 1) / element.group * element.group
    // Encoded rows are narrower than f32 rows. Their values do not matter to the time, their size does.
    let count = rows * width * element.byteCount / 4
    let isView =
      definition.family == .attention && element == .f32
      && definition.operand(role).map { $0.content != .probabilities } ?? false
    let leading = UInt32(isView ? 3 * stored : stored)
    let place = unsafe UnsafePointer(buffers.activations[0])
    switch role {
    case .a:
      unsafe op.a = place
      unsafe op.lda = leading
      unsafe op.a_layout = layout(element)
      warmCounts[0] = count
    case .b:
      unsafe op.b = isView ? place + stored : UnsafePointer(buffers.activations[1])
      unsafe op.ldb = leading
      warmCounts[1] = isView ? 0 : count
    case .c:
      unsafe op.c = isView ? place + 2 * stored : UnsafePointer(buffers.activations[2])
      unsafe op.normed = buffers.activations[2]
      unsafe op.ldc = leading
      warmCounts[2] = isView ? 0 : count
    default:
      unsafe op.ldy = UInt32(stored)
      if role == .output { unsafe op.y_layout = layout(element) }
      outputCount = count
    }
  }

  private mutating func bind(
    _ role: OperandRole, _ tensor: TensorShape, _ point: MeasurementPoint, _ buffers: WorkBuffers
  ) {
    let shape = point.shape
    var count = 1
    switch tensor {
    // The ring's next place is bound with every sample.
    case .matrix:
      weightCount =
        Int(point.kernel.weightLayout.byteCount(columns: shape.columns, depth: shape.depth) + 3) / 4
      return
    case .row:
      weightCount = shape.depth
      return
    case .words:
      weightCount = shape.columns * buffers.tableRows
      unsafe op.ids = UnsafePointer(buffers.scattered)
      return
    case .distanceRows:
      unsafe op.extent = UInt32(point.innerRows)
      let rows = unsafe buffers.weights((2 * point.innerRows - 1) * shape.heads * shape.depth)
      if role == .table0 { unsafe op.table0 = rows } else { unsafe op.table1 = rows }
      return
    case .angles:
      unsafe op.extent = UInt32(point.rows)
      unsafe op.table0 = UnsafePointer(buffers.activations[1])
      return
    case .positions, .types: return
    case .one: break
    case .columns: count = shape.columns
    case .distances:
      guard shape.relativeBias else { return }
      count = shape.heads * (2 * point.innerRows - 1)
    }
    switch role {
    case .bias: unsafe op.bias = buffers.weights(count)
    // Of an encode op only int8 smooths columns.
    case .gamma where definition.kind != .encode || point.kernel.encodedElement == .i8:
      unsafe op.gamma = buffers.weights(count)
    case .table0 where point.kernel.encodedElement == .i8: unsafe op.table0 = buffers.weights(count)
    case .beta: unsafe op.beta = buffers.weights(count)
    default: break
    }
  }

  /// Encoded rows lie as they do in a plan for this tier.
  private func layout(_ element: ElementType) -> ck_encoded_layout {
    element.isEncoded ? unsafe ck_table_encoded_layout(op.table) : CK_ENCODED_ROWS
  }

  private func elements(_ element: OperandElement, _ kernel: KernelID) -> ElementType {
    switch element {
    case .f32: .f32
    case .asWeight: kernel.weightLayout.activation
    case .encoded: kernel.encodedElement
    case .bf16: .bf16
    }
  }

  /// One sample: nanoseconds from fork to join, and whether none of our threads was preempted meanwhile.
  ///
  /// The output buffer is in the last-level cache, not in a core's own caches: in a real run the previous layer wrote
  /// it, and a layer's weights were read since. Ops of microseconds are run once before they are timed, with other
  /// weights and another output, to warm the instruction cache: in a real run the previous layer did.
  mutating func time(
    on pool: OpaquePointer, threads: Int, buffers: WorkBuffers
  ) -> (time: UInt64, wasAlone: Bool) {
    let weights = unsafe buffers.weights(weightCount)
    if isNear || outputCount > 0 {
      let leaving = unsafe Preparation(
        read: [
          UnsafeBufferPointer(start: weights, count: isNear ? weightCount : 0),
          UnsafeBufferPointer(start: buffers.activations[3], count: outputCount),
        ], others: buffers.others(isNear: isNear), presence: buffers.presence, workers: threads)
      unsafe leaving.carryOut(on: pool)
    }
    if lastTime < Self.shortOp {
      let output = unsafe op.y
      if outputCount > 0 { unsafe op.y = buffers.activations[4] }
      _ = unsafe sample(buffers.weights(weightCount), on: pool, threads, buffers)
      unsafe op.y = output
    }
    let sample = unsafe sample(weights, on: pool, threads, buffers)
    lastTime = sample.time
    return sample
  }

  /// Involuntary context switches of this process so far.
  private static var preemptions: Int {
    var usage = rusage()
    unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_nivcsw
  }

  /// Nanoseconds below which an op is short.
  private static let shortOp: UInt64 = 200_000
  private var lastTime: UInt64 = 0
  /// Keeps the compiler from removing reads that only fill caches.
  private var sum: Float = 0

  private mutating func sample(
    _ weights: UnsafePointer<Float>, on pool: OpaquePointer, _ threads: Int, _ buffers: WorkBuffers
  ) -> (time: UInt64, wasAlone: Bool) {
    for operand in definition.operands {
      switch operand.content {
      case .tensor(.matrix), .tensor(.row): unsafe op.weight = UnsafeRawPointer(weights)
      case .tensor(.words): unsafe bindTables(weights, buffers)
      case .probabilities where operand.role == .b:
        let (rows, inner) = unsafe (Int(op.rows), Int(op.inner_rows))
        if rows < inner { unsafe op.index = buffers.spread(rows, among: inner) }
      default: break
      }
    }
    if unsafe kernel.weight != CK_WEIGHT_ROW_MAJOR {
      unsafe op.parts = UInt32(GemmPartition.packedParts(columns: Int(op.columns), threads: threads))
    }
    let preparation = unsafe Preparation(
      written: buffers.activations(warmCounts), presence: buffers.presence, workers: threads)
    // Read before the preparation: a system call just before the op would slow it by half a microsecond.
    let preemptions = Self.preemptions
    unsafe preparation.carryOut(on: pool)
    let start = ck_now_ns()
    unsafe ck_kernel_run(pool, &kernel, &op)
    let time = ck_now_ns() &- start
    return (time, Self.preemptions == preemptions)
  }

  /// About half of a text's words are among the few hundred that every text has, so their rows are in cache (Zipf's
  /// law); the others' are cold. Every run reads positions and types.
  private mutating func bindTables(_ words: UnsafePointer<Float>, _ buffers: WorkBuffers) {
    unsafe op.table0 = words
    let columns = unsafe Int(op.columns)
    for row in stride(from: 0, to: unsafe Int(op.rows), by: 2) {
      let start = unsafe words + Int(buffers.scattered[row]) * columns
      for place in stride(from: 0, to: columns, by: 16) { unsafe sum += start[place] }
    }
    unsafe op.table1 = UnsafePointer(buffers.activations[1])
    unsafe op.type_ids = nil
    unsafe op.table2 = UnsafePointer(buffers.activations[0])
  }
}
