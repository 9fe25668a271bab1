extension Plan {
  /// What a process keeps in memory for this plan and one session at most: every byte of the weights (those of an embedding
  /// table are read row by row, as texts name them), the plan's own tables, and the arena.
  public var residentBytes: Bytes {
    Bytes(UInt64(PlanCodec.prefix(of: self).count)) + weights.byteCount + arena.byteCount
  }
}
