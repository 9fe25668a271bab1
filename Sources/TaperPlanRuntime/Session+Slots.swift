internal import TaperPlanFormat

/// Reading buffers after a run, for tests, calibration and audits. Allocates; not for the hot path.
extension Session {
  /// The elements of a slot of floats as the last run left them: copies × rows × inner rows × columns at that run's
  /// length, row-major.
  ///
  /// A slot's memory is used again after its last reader, so only results and slots kept alive to the end
  /// (instrumentation) still hold what was written. Nil when the plan has no such slot, it holds no f32, or nothing was
  /// run yet.
  public func contents(ofSlotNamed name: String) -> [Float]? { elements(ofSlotNamed: name, .f32) }

  /// The same for a slot of row numbers or positions.
  public func indices(ofSlotNamed name: String) -> [UInt32]? { elements(ofSlotNamed: name, .u32) }

  private func elements<Element: BitwiseCopyable>(ofSlotNamed name: String, _ type: ElementType) -> [Element]?
  {
    let plan = loaded.plan
    guard currentLength > 0,
      let slot = plan.arena.slots.first(where: { $0.name == name && $0.element == type })
    else { return nil }
    let count =
      Int(slot.copies) * plan.schedule.value(of: slot.rows, length: currentLength)
      * plan.schedule.value(of: slot.innerRows, length: currentLength) * Int(slot.columns)
    let start = unsafe (arenaBase + Int(slot.offset.rawValue)).assumingMemoryBound(to: Element.self)
    return unsafe Array(UnsafeBufferPointer(start: start, count: count))
  }
}
