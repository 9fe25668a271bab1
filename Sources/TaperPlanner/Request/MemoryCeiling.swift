public import TaperPlanFormat

/// The most memory a plan may take.
public struct MemoryCeiling: Hashable, Sendable {
  /// Of one session's working memory.
  public var arena: Bytes?
  /// Of all that a plan keeps in memory (`Plan.residentBytes`).
  public var resident: Bytes?

  public init(arena: Bytes? = nil, resident: Bytes? = nil) {
    self.arena = arena
    self.resident = resident
  }

  /// The ceiling that the plan exceeds; nil when it fits.
  public func exceeded(by plan: Plan) -> MemoryDiagnostic? {
    let needs: [(MemoryDiagnostic.Part, Bytes?, Bytes)] = [
      (.arena, arena, plan.arena.byteCount), (.resident, resident, plan.residentBytes),
    ]
    for (part, limit, needed) in needs {
      if let limit, needed > limit { return MemoryDiagnostic(part: part, allowed: limit, needed: needed) }
    }
    return nil
  }
}

/// Why a plan does not fit into memory, and what would.
public struct MemoryDiagnostic: Hashable, Sendable {
  public enum Part: Hashable, Sendable { case arena, resident }

  /// The same request but for one thing, and the memory it takes.
  public struct Remedy: Hashable, Sendable {
    public enum Change: Hashable, Sendable {
      case precision(Precision)
      case maximumLength(Int)
      case depth(Int)
    }

    public var change: Change
    public var needed: Bytes

    public init(change: Change, needed: Bytes) {
      self.change = change
      self.needed = needed
    }
  }

  public var part: Part
  public var allowed: Bytes
  public var needed: Bytes
  /// What takes less, where it was sought.
  public var remedies: [Remedy] = []
}
