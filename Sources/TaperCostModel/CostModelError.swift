/// Why a cost model cannot be made from a profile.
public enum CostModelError: Error, Hashable, Sendable {
  case threadsNotMeasured(wanted: Int, measured: [Int])
}

extension CostModelError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .threadsNotMeasured(let wanted, let measured):
      "the device profile has times for \(measured.map(String.init).joined(separator: ", ")) threads, "
        + "not for \(wanted); use one of these or profile again with `taper profile --threads \(wanted)`"
    }
  }
}
