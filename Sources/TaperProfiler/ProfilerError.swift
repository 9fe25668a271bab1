public import TaperDeviceProfile

/// Why a machine could not be measured.
public enum ProfilerError: Error, Hashable, Sendable {
  /// The machine was too unsteady: `noise.figure` is above `limit`. The command line exits with 69.
  case tooNoisy(noise: ProfileNoise, limit: Double)
  /// A thread count of 0, or above the CPUs of the process or the pool's maximum.
  case threadsUnavailable(wanted: Int, available: Int)
  case nothingToMeasure
  case invalidRequest(field: String, expected: String, found: String)
  /// The shapes at the largest row count need more memory than a measurement may use.
  case tooLarge(byteCount: Int, limit: Int)
  case outOfMemory(byteCount: Int)
}

extension ProfilerError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .tooNoisy(let noise, let limit):
      "the machine is too unsteady to measure: \(noise.words); at most \(ProfileNoise.percent(limit)) is useful. "
        + "Stop other work on the machine and profile again; until then plan with a ready profile (specs/devices), "
        + "whose times are another machine's"
    case .threadsUnavailable(let wanted, let available):
      "cannot measure \(wanted) threads: this process may use \(available) CPUs; "
        + "give a number from 1 to \(available)"
    case .nothingToMeasure: "nothing to measure: the request names no shape or no thread count"
    case .invalidRequest(let field, let expected, let found):
      "profiling request: \(field) must be \(expected), found \(found)"
    case .tooLarge(let byteCount, let limit):
      "these shapes need \(byteCount) bytes to measure with, at most \(limit) are allowed; measure fewer rows"
    case .outOfMemory(let byteCount):
      "no memory for \(byteCount) bytes of weights and activations to measure with"
    }
  }
}

extension ProfileNoise {
  /// "the slow tenth of samples took 40% more than the median, and …".
  public var words: String {
    "the slow tenth of samples took \(Self.percent(spread)) more than the median, and a fixed probe drifted by "
      + "\(Self.percent(drift)) from start to end (\(probes) probes)"
  }

  fileprivate static func percent(_ ratio: Double) -> String { "\(Int((ratio * 100).rounded()))%" }
}
