internal import TaperPlanFormat

/// Reading buffers after a run, for tests, calibration and audits. Allocates; not for the hot path.
extension Session {
  /// The elements of a slot of floats as the last run left them: copies × rows × inner rows × columns at that run's
  /// length, row-major.
  ///
  /// A slot's memory is reused after its last reader, so only results and slots kept alive to the end (instrumentation)
  /// still hold what was written. Nil when the plan has no such slot, it does not hold f32, or there was no run yet.
  public func contents(ofSlotNamed name: String) -> [Float]? { elements(ofSlotNamed: name, .f32) }

  /// The same for a slot of row numbers or positions.
  public func indices(ofSlotNamed name: String) -> [UInt32]? { elements(ofSlotNamed: name, .u32) }

  /// T(0)…T(L) of the last run: the schedule's, or fewer where a selection by threshold kept fewer. All zero before the
  /// first run.
  public var keptTokens: [Int] {
    var counts: [Int] = []
    for layer in 0...loaded.plan.schedule.layerCount { counts.append(tokens(after: layer)) }
    return counts
  }

  private func tokens(_ rows: RowCount) -> Int {
    guard let layer = rows.layer else { return 1 }
    return tokens(after: layer)
  }

  private func elements<Element: BitwiseCopyable>(ofSlotNamed name: String, _ type: ElementType) -> [Element]?
  {
    let plan = loaded.plan
    guard currentLength > 0,
      let slot = plan.arena.slots.first(where: { $0.name == name && $0.element == type })
    else { return nil }
    let count =
      Int(slot.copies) * tokens(slot.rows) * tokens(slot.innerRows) * Int(slot.columns)
    let start = unsafe (arenaBase + Int(slot.offset.rawValue)).assumingMemoryBound(to: Element.self)
    return unsafe Array(UnsafeBufferPointer(start: start, count: count))
  }
}
