import TaperBase
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

  /// Which ceiling the plan breaks; nil when it fits.
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
public struct MemoryDiagnostic: Hashable, Sendable, CustomStringConvertible {
  public enum Part: String, Hashable, Sendable {
    case arena
    case resident = "resident memory"
  }

  /// The same wish but for one thing, which takes so much.
  public struct Remedy: Hashable, Sendable {
    /// As the command line says it: "--precision int8".
    public var change: String
    public var needed: Bytes

    public init(change: String, needed: Bytes) {
      self.change = change
      self.needed = needed
    }
  }

  public var part: Part
  public var allowed: Bytes
  public var needed: Bytes
  /// Those that fit; when none does, the one that takes least.
  public var remedies: [Remedy] = []

  public var description: String {
    let fits = remedies.filter { $0.needed <= allowed }
    let advice =
      if !fits.isEmpty {
        fits.map { "\($0.change) takes \(NumberText.size($0.needed))" }.joined(separator: ", ")
      } else if let least = remedies.min(by: { $0.needed < $1.needed }) {
        "the least there is takes \(NumberText.size(least.needed)), with \(least.change)"
      } else {
        "allow more"
      }
    return
      "\(part.rawValue): expected at most \(NumberText.size(allowed)); found \(NumberText.size(needed)); \(advice)"
  }
}
