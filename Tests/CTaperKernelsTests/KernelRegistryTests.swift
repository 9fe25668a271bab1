import CTaperKernels
import TaperPlanFormat
import Testing

/// The registry in C and what TaperPlanFormat knows of it say the same.
@Suite struct KernelRegistryTests {
  private let sizes = [1, 2, 15, 16, 17, 24, 31, 33, 64, 65, 100, 255, 256, 257, 1000, 4096]

  @Test func everyFamilyIsBound() {
    #expect(KernelID.all.count > 0)
    for (id, name) in KernelID.all {
      guard let kernel = unsafe ck_find_kernel(id.rawValue)?.pointee else {
        Issue.record("\(name) is not in the registry")
        continue
      }
      #expect(unsafe String(cString: kernel.name) == name)
      let layout = unsafe kernel.weight.rawValue
      #expect(layout == UInt32(id.weightLayout.rawValue), "\(name)")
      let tasks = unsafe kernel.tasks.rawValue
      #expect(tasks == id.opKind.map { UInt32($0.definition.tasks.rawValue) }, "\(name)")
      let isOptional = unsafe kernel.scratch == CK_SCRATCH_OPTIONAL_ATTENTION
      #expect(isOptional == id.scratchIsOptional, "\(name)")
    }
    for id in [0, UInt16(KernelID.all.count) + 1, .max] {
      let found = unsafe ck_find_kernel(id)
      #expect(unsafe found == nil)
    }
  }

  @Test func constants() {
    let pairs: [(Int, UInt32)] = [
      (KernelConstants.panel, CK_PANEL), (KernelConstants.panelSpan, CK_PANEL_SPAN),
      (KernelConstants.groupBF16, CK_GROUP_BF16), (KernelConstants.groupI8, CK_GROUP_I8),
      (KernelConstants.columnBytesI8, CK_COLUMN_BYTES_I8), (KernelConstants.partColumns, CK_PART_COLUMNS),
      (KernelConstants.rowBlock, CK_ROW_BLOCK), (KernelConstants.attentionBlock, CK_ATTENTION_BLOCK),
      (KernelConstants.attentionBF16Block, CK_ATTENTION_BF16_BLOCK),
      (KernelConstants.selectionScratch, CK_SELECTION_SCRATCH),
      (KernelConstants.poolMaximumWorkers, CK_POOL_MAXIMUM_WORKERS),
    ]
    for (swift, c) in pairs { #expect(swift == Int(c)) }
    let activations: [(Activation, ck_activation)] = [
      (.none, CK_ACTIVATION_NONE), (.gelu, CK_ACTIVATION_GELU), (.geluTanh, CK_ACTIVATION_GELU_TANH),
      (.relu, CK_ACTIVATION_RELU), (.tanh, CK_ACTIVATION_TANH), (.silu, CK_ACTIVATION_SILU),
    ]
    #expect(activations.count == Activation.allCases.count)
    for (swift, c) in activations { #expect(UInt32(swift.rawValue) == c.rawValue) }
  }

  @Test func scratch() {
    for (id, name) in KernelID.all {
      let rule = unsafe ck_find_kernel(id.rawValue)!.pointee.scratch
      for rows in sizes {
        for innerRows in sizes {
          for depth in sizes {
            let expected = ck_scratch_elements(rule, UInt32(rows), UInt32(innerRows), UInt32(depth))
            let found = id.scratch(rows: rows, innerRows: innerRows, depth: depth)
            guard found == expected else {
              Issue.record("\(name) of \(rows), \(innerRows), \(depth): \(found), in C \(expected)")
              return
            }
          }
        }
      }
    }
  }

  @Test func packedLayouts() {
    for layout in WeightLayout.allCases {
      let c = ck_weight_layout(rawValue: UInt32(layout.rawValue))
      #expect(
        layout.activation.byteCount == Int(ck_element_bytes(c))
          && layout.activation.group == Int(ck_layout_group(c)))
      for columns in sizes {
        #expect(WeightLayout.panels(columns: columns) == Int(ck_panels(UInt32(columns))))
        for depth in sizes {
          let found = layout.byteCount(columns: columns, depth: depth)
          #expect(found == UInt64(ck_weight_bytes(c, UInt32(columns), UInt32(depth))))
        }
      }
    }
  }

  @Test func cutsIntoTasks() {
    for columns in sizes {
      for parts in 1...8 {
        let (c, p) = (UInt32(columns), UInt32(parts))
        #expect(GemmPartition.packedParts(columns: columns, threads: parts) == Int(ck_packed_parts(c, p)))
        #expect(GemmPartition.width(columns: columns, parts: parts) == Int(ck_part_width(c, p)))
      }
    }
    var op = unsafe ck_op()
    unsafe (op.rows, op.heads, op.parts) = (17, 12, 5)
    let counts = [CK_TASKS_ONE, CK_TASKS_ROWS, CK_TASKS_HEADS, CK_TASKS_PARTS].map {
      unsafe ck_task_count($0, &op)
    }
    #expect(counts == [1, 3, 12, 5])
  }

  /// A plan's validator demands `KernelID.scratch`; an inaccessible page follows so many elements here.
  @Test func noKernelWritesBeyondTheScratchThatPlansProvide() {
    for (id, name) in KernelID.all where id.scratch(rows: 1, innerRows: 1, depth: 1) > 0 {
      let kernel = unsafe ck_find_kernel(id.rawValue)!.pointee
      unsafe withEveryTier { base in
        withEvery("\(name), rows", in: [1, 7, 24, 25, 48, 63, 64, 65, 130]) { rows in
          withEvery("width", in: [1, 4, 16, 20, 32, 64, 131]) { width in
            unsafe check(kernel, id, base, rows: rows, width: width)
          }
        }
      }
    }
  }

  private func check(_ kernel: ck_kernel, _ id: KernelID, _ base: ck_op, rows: Int, width: Int) {
    let isAttention = id.opKind == .attention
    let keys = isAttention ? rows + rows / 3 : rows
    let test = AttentionCase(
      rows: rows, keys: keys, heads: 2, width: width, indexed: isAttention, bias: .byOrigin)
    let scratch = GuardedMemory(
      [Float](repeating: .nan, count: id.scratch(rows: rows, innerRows: keys, depth: width)))
    let y = GuardedMemory([Float](repeating: 0, count: 2 * keys * max(keys, width)))
    let sums = GuardedMemory([Float](repeating: 0, count: 2 * keys))
    let weight = GuardedMemory([Float](repeating: 0, count: 2 * width * width))
    let numbers = GuardedMemory((0..<UInt32(rows)).map { $0 })
    let count = GuardedMemory([UInt32(0)])
    var op = unsafe test.op(base)
    unsafe op.scratch = scratch.pointer
    unsafe op.scratch_stride = scratch.elements.count
    unsafe op.y = y.pointer
    unsafe op.y2 = sums.pointer
    unsafe op.ldy = UInt32(id.opKind == .attentionScores ? keys : 2 * width)
    unsafe op.index_out = numbers.pointer
    unsafe op.count_out = count.pointer
    let reach = unsafe id.opKind == .disentangledScores ? Int(op.extent) : 1
    let byDistance = GuardedMemory([Float](repeating: 0.1, count: (2 * reach - 1) * 2 * width))
    if id.opKind == .disentangledScores {
      unsafe op.table0 = byDistance.constPointer
      unsafe op.table1 = byDistance.constPointer
      unsafe op.bias = nil
    }
    let encoded = GuardedMemory([UInt32](repeating: 0x3C00_3D00, count: keys * 3 * width))
    if id.readsEncoded {
      unsafe op.a = UnsafeRawPointer(encoded.constPointer).assumingMemoryBound(to: Float.self)
      unsafe (op.lda, op.stored_rows) = (UInt32(6 * width), UInt32(keys))
    }
    if id.opKind == .gemm {
      unsafe op.columns = UInt32(2 * width)
      unsafe op.weight = UnsafeRawPointer(weight.constPointer)
      unsafe op.parts = 1
      unsafe op.bias = nil
      unsafe op.index = numbers.constPointer
    }
    unsafe run(kernel.driver, op, tasks: Int(ck_task_count(kernel.tasks, &op)))
    expect(scratch.isIntact, "memory before the scratch was written")
  }
}
