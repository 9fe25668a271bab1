import CTaperKernels
import Testing

/// The same bits whatever the number of workers, and from run to run.
@Suite struct DeterminismTests {
  private func expectSameBits(
    _ driver: ck_driver, _ op: ck_op, tasks: Int, scratch elements: Int = 0, y: Matrix, y2: Matrix? = nil
  ) throws {
    var first: [UInt32]?
    try withEvery("workers", in: [1, 2, 3, 5]) { workers in
      let pool = try Pool(workers: workers)
      let scratch = GuardedMemory([Float](repeating: .nan, count: workers * elements))
      var op = unsafe op
      unsafe op.y = y.pointer
      unsafe op.ldy = y.ld
      unsafe op.y2 = y2?.pointer
      unsafe op.scratch = scratch.pointer
      unsafe op.scratch_stride = elements
      withEvery("run", in: 0..<4) { _ in
        unsafe pool.run(driver, &op, tasks: tasks)
        let bits = y.bits + (y2?.bits ?? [])
        if let first { expect(bits == first, "the bits differ from the first run's") } else { first = bits }
      }
    }
  }

  @Test func attention() throws {
    let test = AttentionCase(rows: 100, keys: 130, heads: 6, width: 32, indexed: true, bias: .byOrigin)
    try withEvery("tier", in: testedTiers.indices) { tier in
      var base = unsafe ck_op()
      unsafe base.table = table(testedTiers[tier])
      let elements = ck_attention_scratch(130)
      try unsafe expectSameBits(
        ck_attention, test.op(base), tasks: 6, scratch: elements, y: Matrix(100, 6 * 32))
      var scores = unsafe test.op(base)
      unsafe scores.rows = 130
      unsafe scores.index = nil
      try unsafe expectSameBits(
        ck_attention_scores, scores, tasks: 6, y: Matrix(6 * 130, 130, gap: 0), y2: Matrix(6, 130, gap: 0))
      try unsafe expectSameBits(
        ck_attention_scored, scores, tasks: 6, scratch: elements, y: Matrix(130, 6 * 32),
        y2: Matrix(6, 130, gap: 0))
      let rounded = ck_attention_bf16_scratch(130, 32)
      try unsafe expectSameBits(
        ck_attention_bf16, test.op(base), tasks: 6, scratch: rounded, y: Matrix(100, 6 * 32))
      try unsafe expectSameBits(
        ck_attention_scored_bf16, scores, tasks: 6, scratch: rounded, y: Matrix(130, 6 * 32),
        y2: Matrix(6, 130, gap: 0))
      var encoded = unsafe scores
      unsafe (encoded.stored_rows, encoded.lda) = (130, 3 * 6 * 32)
      let pairs: [UInt32] = (0..<130 * 3 * 6 * 16).map { 0x3C00_3D00 + UInt32($0 % 997) }
      let bits = GuardedMemory(pairs)
      unsafe encoded.a = UnsafeRawPointer(bits.constPointer).assumingMemoryBound(to: Float.self)
      let decoded = ck_attention_encoded_scratch(130, 32)
      try unsafe expectSameBits(
        ck_attention_encoded_bf16, encoded, tasks: 6, scratch: decoded, y: Matrix(130, 6 * 32))
      try unsafe expectSameBits(
        ck_attention_encode_bf16, encoded, tasks: 6, scratch: decoded, y: Matrix(130, 6 * 32))
      withExtendedLifetime(bits) {}
      let split = ck_attention_x6_scratch(130, 32)
      try unsafe expectSameBits(
        ck_attention_x6, test.op(base), tasks: 6, scratch: split, y: Matrix(100, 6 * 32))
      try unsafe expectSameBits(
        ck_attention_scored_x6, scores, tasks: 6, scratch: split, y: Matrix(130, 6 * 32),
        y2: Matrix(6, 130, gap: 0))
    }
  }

  @Test func gemm() throws {
    var generator = Generator(seed: 8)
    let a = Matrix(70, 96, random: &generator)
    let weight = Matrix(200, 96, gap: 0, random: &generator)
    let bias = GuardedMemory(generator.floats(200))
    let index = GuardedMemory(generator.rows(50, below: 70))
    try withEvery("tier", in: testedTiers.indices) { tier in
      var op = unsafe ck_op()
      unsafe op.table = table(testedTiers[tier])
      unsafe op.rows = 50
      unsafe op.columns = 200
      unsafe op.depth = 96
      unsafe op.parts = 4
      unsafe op.a = a.constPointer
      unsafe op.lda = a.ld
      unsafe op.weight = UnsafeRawPointer(weight.constPointer)
      unsafe op.bias = bias.constPointer
      unsafe op.index = index.constPointer
      unsafe op.activation = CK_ACTIVATION_GELU
      try unsafe expectSameBits(ck_gemm_openblas, op, tasks: 4, scratch: 50 * 96, y: Matrix(50, 200))
    }
  }

  /// The tiles of AMX are a thread's own.
  @Test func packedProducts() throws {
    try withEvery("precision", in: PackedOperands.Precision.allCases) { precision in
      var generator = Generator(seed: 10)
      let operands = PackedOperands(precision, rows: 50, columns: 200, depth: 100, generator: &generator)
      try withEvery("tier", in: testedTiers.indices) { tier in
        var op = unsafe ck_op()
        unsafe op.table = table(testedTiers[tier])
        unsafe op = operands.op(op)
        unsafe op.parts = 4
        try unsafe expectSameBits(operands.driver, op, tasks: 4, y: Matrix(50, 200))
      }
    }
  }

  @Test func layerNorm() throws {
    var generator = Generator(seed: 9)
    let a = Matrix(65, 385, random: &generator)
    let gamma = GuardedMemory(generator.floats(385))
    try withEvery("tier", in: testedTiers.indices) { tier in
      var op = unsafe ck_op()
      unsafe op.table = table(testedTiers[tier])
      unsafe op.rows = 65
      unsafe op.columns = 385
      unsafe op.a = a.constPointer
      unsafe op.lda = a.ld
      unsafe op.gamma = gamma.constPointer
      unsafe op.beta = gamma.constPointer
      unsafe op.epsilon = 1e-12
      try unsafe expectSameBits(ck_layer_norm, op, tasks: rowTasks(65), y: Matrix(65, 385))
    }
  }
}
