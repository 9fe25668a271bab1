extension Plan {
  /// The most memory that a process needs for this plan and one session: all weights (an embedding table is read row by
  /// row, as texts need it), the plan's tables and the arena.
  public var residentBytes: Bytes {
    Bytes(UInt64(PlanCodec.prefix(of: self).count)) + weights.byteCount + arena.byteCount
  }
}
