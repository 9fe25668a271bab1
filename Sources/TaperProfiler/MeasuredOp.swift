internal import CTaperKernels
internal import Glibc
internal import TaperDeviceProfile
internal import TaperPlanFormat

/// A measurement point bound to memory: a `ck_op` like the runtime's, and the kernel that the runtime would run.
@safe struct MeasuredOp {
  private(set) var op: ck_op
  private var kernel: ck_kernel
  /// Size of the weight in the ring, in f32 elements.
  private let weightCount: Int
  private let warmCounts: [Int]
  /// Size of the output in f32 elements; 0 where the op works in place.
  private let outputCount: Int
  private let kind: OpKind
  private let isNear: Bool

  /// Precondition: the shape's buffers fit in `buffers` and the kernel exists.
  init(_ point: MeasurementPoint, buffers: WorkBuffers, table: OpaquePointer) {
    guard let found = unsafe ck_find_kernel(point.kernel.rawValue) else {
      preconditionFailure("kernel \(point.kernel.rawValue) is not in this build")
    }
    unsafe kernel = found.pointee
    let shape = point.shape
    let (rows, inner) = (UInt32(point.rows), UInt32(point.innerRows))
    let width = UInt32(shape.heads * shape.depth)
    kind = shape.kind
    isNear = point.isNear
    var op = unsafe ck_op()
    unsafe op.rows = rows
    unsafe op.inner_rows = inner
    unsafe op.columns = UInt32(shape.columns)
    unsafe op.depth = UInt32(shape.depth)
    unsafe op.heads = UInt32(shape.heads)
    unsafe op.parts = UInt32(shape.parts)
    unsafe op.activation = ck_activation(rawValue: UInt32(shape.activation.rawValue))
    unsafe op.epsilon = 1e-12
    unsafe op.scale = 1
    let columns = UInt32(shape.columns)
    unsafe op.lda = columns
    unsafe op.ldb = columns
    unsafe op.ldc = columns
    unsafe op.ldy = columns
    unsafe op.a = UnsafePointer(buffers.activations[0])
    unsafe op.y = buffers.activations[3]
    unsafe op.y2 = buffers.activations[4]
    unsafe op.scratch = buffers.scratch
    unsafe op.scratch_stride = buffers.scratchStride
    unsafe op.table = table
    // Elements of each activation buffer that are warm. Outputs are warm where planned ops work in place.
    var counts = [point.rows * shape.columns, 0, 0, 0]
    var output = point.rows * shape.columns
    var weights = 0
    switch shape.kind {
    case .gemm:
      let layout = point.kernel.weightLayout
      // Encoded rows are narrower than f32 rows. Their values do not matter to the time, their size does.
      let group = layout.activation.group
      unsafe op.lda = UInt32((shape.depth + group - 1) / group * group)
      weights = Int(layout.byteCount(columns: shape.columns, depth: shape.depth) + 3) / 4
      unsafe op.b = UnsafePointer(buffers.activations[1])
      unsafe op.bias = buffers.weights(shape.columns)
      counts[0] = point.rows * shape.depth * layout.activation.byteCount / 4
      counts[1] = layout == .panelI8 ? 2 * point.rows : 0
    case .encode:
      output /= point.kernel == .encodeI8 ? 4 : 2
      if point.kernel == .encodeI8 { unsafe op.gamma = buffers.weights(shape.columns) }
    case .attention, .attentionScores, .attentionScored:
      // Queries, keys and values are column views of one slot, as a fused product writes them.
      unsafe op.lda = 3 * width
      unsafe op.ldb = 3 * width
      unsafe op.ldc = 3 * width
      let givesProbabilities = shape.kind == .attentionScores
      unsafe op.ldy = givesProbabilities ? inner : width
      unsafe op.b = UnsafePointer(buffers.activations[0] + Int(width))
      unsafe op.c = UnsafePointer(buffers.activations[0] + 2 * Int(width))
      unsafe op.scale = 1 / Float(shape.depth).squareRoot()
      counts[0] = 3 * point.innerRows * Int(width)
      output = givesProbabilities ? shape.heads * point.innerRows * point.innerRows : point.rows * Int(width)
      if shape.relativeBias {
        unsafe op.extent = inner
        unsafe op.bias = buffers.weights(shape.heads * (2 * point.innerRows - 1))
      }
    case .attentionContext:
      unsafe op.b = UnsafePointer(buffers.activations[1])
      unsafe op.ldb = inner
      unsafe op.ldc = 3 * width
      unsafe op.ldy = width
      unsafe op.c = UnsafePointer(buffers.activations[0])
      counts[0] = 3 * point.innerRows * Int(width)
      counts[1] = shape.heads * point.innerRows * point.innerRows
      output = point.rows * Int(width)
    case .embed:
      unsafe op.ids = UnsafePointer(buffers.scattered)
      unsafe op.gamma = buffers.weights(shape.columns)
      unsafe op.beta = buffers.weights(shape.columns)
      weights = shape.columns * buffers.tableRows
      counts[0] = 0
    case .layerNorm:
      unsafe op.b = UnsafePointer(buffers.activations[1])
      unsafe op.bias = buffers.weights(shape.columns)
      unsafe op.gamma = buffers.weights(shape.columns)
      unsafe op.beta = buffers.weights(shape.columns)
      (counts[1], counts[3]) = (counts[0], counts[0])
    case .biasActivation:
      unsafe op.bias = buffers.weights(shape.columns)
      counts[3] = counts[0]
    case .add:
      unsafe op.b = UnsafePointer(buffers.activations[1])
      (counts[1], counts[3]) = (counts[0], counts[0])
    case .gather:
      unsafe op.index = UnsafePointer(buffers.identity)
    case .select, .selectAbove:
      unsafe op.index_out = buffers.indexOut
      unsafe op.count_out = buffers.indexOut
      (counts, output) = ([shape.heads * point.innerRows], 0)
    case .scatter:
      unsafe op.index = UnsafePointer(buffers.identity)
      unsafe op.origin = UnsafePointer(buffers.identity)
      (counts[0], output) = (point.innerRows * shape.columns, point.innerRows * shape.columns)
    case .mean:
      counts[0] = point.innerRows * shape.columns
    case .iota:
      unsafe op.index_out = buffers.indexOut
      (counts, output) = ([], 0)
    case .compose:
      // In place: the identity composed with itself stays the identity.
      unsafe op.index = UnsafePointer(buffers.identity)
      unsafe op.index_out = buffers.identity
      (counts, output) = ([], 0)
    case .l2Normalize, .softmax, .sigmoid: break
    case .accumulate:
      unsafe op.b = UnsafePointer(buffers.activations[1])
      unsafe op.c = UnsafePointer(buffers.activations[2])
      unsafe op.bias = buffers.weights(1)
      weights = shape.depth
      counts = [shape.columns + 1, shape.columns, shape.depth, shape.columns + 1]
    case .haltAuthors, .haltTight:
      unsafe op.extent = 3
      counts[0] = shape.columns + 1
    }
    unsafe self.op = unsafe op
    weightCount = weights
    warmCounts = counts
    outputCount = counts.count > 3 && counts[3] > 0 ? 0 : output
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
    switch kind {
    case .gemm:
      unsafe op.weight = UnsafeRawPointer(weights)
      if unsafe kernel.weight != CK_WEIGHT_ROW_MAJOR {
        unsafe op.parts = UInt32(GemmPartition.packedParts(columns: Int(op.columns), threads: threads))
      }
    case .accumulate:
      unsafe op.weight = UnsafeRawPointer(weights)
    case .attentionContext:
      let (rows, inner) = unsafe (Int(op.rows), Int(op.inner_rows))
      if rows < inner { unsafe op.index = buffers.spread(rows, among: inner) }
    case .embed:
      // About half of a text's words are among the few hundred most frequent ones (Zipf's law), whose rows are in
      // cache; the other rows are cold. Positions and types are read by every run.
      unsafe op.table0 = weights
      let columns = unsafe Int(op.columns)
      for row in stride(from: 0, to: unsafe Int(op.rows), by: 2) {
        let start = unsafe weights + Int(buffers.scattered[row]) * columns
        for place in stride(from: 0, to: columns, by: 16) { unsafe sum += start[place] }
      }
      unsafe op.table1 = UnsafePointer(buffers.activations[1])
      unsafe op.type_ids = nil
      unsafe op.table2 = UnsafePointer(buffers.activations[2])
    default: break
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
}
