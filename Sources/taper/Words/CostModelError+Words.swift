import TaperCostModel

extension CostModelError {
  var words: String {
    switch self {
    case .threadsNotMeasured(let wanted, let measured):
      "the device profile has times for \(measured.map(String.init).joined(separator: ", ")) threads, "
        + "not for \(wanted); use one of these or profile again with `taper profile --threads \(wanted)`"
    }
  }
}
