import TaperPlanFormat

/// What follows from the ops: places, lifetimes, selections, weights' offsets, predictions.
extension ToyPlan {
  /// Lifetimes, sizes, places and selections, from the ops. A slot is put at the first place that is free for its life.
  static func layOut(_ plan: inout Plan) {
    plan.selections = plan.ops.indices.map { number in
      let op = plan.ops[number]
      let layout = plan.weightLayout(of: op)
      let kernel = KernelID.all.first { $0.id.computes(op, weight: layout) }!.id
      return KernelSelection(op: number, maximumRows: 0xFFFF, kernel: kernel)
    }
    for number in plan.arena.slots.indices {
      let users = plan.ops.indices.filter { op in
        OperandRole.allCases.contains { Int(plan.ops[op].operand($0).slot) == number }
      }
      plan.arena.slots[number].firstOp = UInt32(users.first ?? 0)
      plan.arena.slots[number].lastOp = number == Int(plan.resultSlot) ? .max : UInt32(users.last ?? 0)
      let slot = plan.arena.slots[number]
      let rows = (1...plan.schedule.maximumLength).map {
        plan.schedule.value(of: slot.rows, length: $0) * plan.schedule.value(of: slot.innerRows, length: $0)
      }
      let size =
        UInt64(rows.max()!) * UInt64(slot.copies) * UInt64(slot.columns)
        * UInt64(slot.element.byteCount)
      plan.arena.slots[number].byteCount = Bytes(size)
      var offset: UInt64 = 0
      var moved = true
      while moved {
        moved = false
        for other in plan.arena.slots[..<number]
        where other.firstOp <= slot.lastOp && slot.firstOp <= other.lastOp
          && offset < other.offset.rawValue + other.byteCount.rawValue
          && other.offset.rawValue < offset + size
        {
          offset = (other.offset.rawValue + other.byteCount.rawValue + 63) / 64 * 64
          moved = true
        }
      }
      plan.arena.slots[number].offset = Bytes(offset)
    }
    plan.arena.byteCount = plan.arena.slots.map { $0.offset + $0.byteCount }.max() ?? .zero
  }

  mutating func addWeights(_ random: inout Seeded) {
    var end: UInt64 = 0
    for number in plan.weights.entries.indices {
      plan.weights.entries[number].offset = Bytes(end)
      end = (end + plan.weights.entries[number].byteCount.rawValue + 63) / 64 * 64
    }
    plan.weights.byteCount = Bytes(end)
  }

  mutating func addPredictions(_ random: inout Seeded) {
    func prediction(_ time: UInt64) -> Prediction {
      Prediction(
        time: Nanoseconds(time), low: Nanoseconds(time / 2), high: Nanoseconds(time * 2),
        work: Flops(time * 10),
        traffic: Bytes(time * 3), bound: .bandwidth, provenance: .interpolated)
    }
    plan.predictions.lengths = (1...options.maximumLength).map { length in
      LengthPrediction(
        planned: prediction(UInt64(length) * 1000), denseTime: Nanoseconds(9), denseWork: Flops(8),
        publishedWork: Flops(7), publishedDenseWork: Flops(6))
    }
    plan.predictions.referenceLengths = options.maximumLength > 1 ? [1, UInt16(options.maximumLength)] : [1]
    plan.predictions.ops = (0..<plan.predictions.referenceLengths.count * plan.ops.count).map {
      prediction(UInt64($0))
    }
    guard !options.dynamic.isEmpty else { return }
    func expected(_ worst: Int) -> ExpectedTime {
      let percentiles = (0..<3).map { _ in UInt64(random.below(worst + 1)) }.sorted()
      return ExpectedTime(
        mean: Nanoseconds(UInt64(random.below(worst + 1))), p50: Nanoseconds(percentiles[0]),
        p90: Nanoseconds(percentiles[1]), p99: Nanoseconds(percentiles[2]))
    }
    let lengths = 1...options.maximumLength
    plan.expectations = Expectations(
      texts: 1 + random.below(99), overall: expected(options.maximumLength * 1000),
      lengths: lengths.map { expected($0 * 1000) },
      keptTokens: (0..<options.maximumLength * options.layers).map { _ in Float(random.below(9)) / 2 },
      cappedShares: (0..<options.layers).map { _ in Float(random.below(5)) / 4 })
  }
}
