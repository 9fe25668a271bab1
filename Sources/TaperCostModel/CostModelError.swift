/// Why a cost model cannot be made from a profile.
public enum CostModelError: Error, Hashable, Sendable {
  case threadsNotMeasured(wanted: Int, measured: [Int])
}
