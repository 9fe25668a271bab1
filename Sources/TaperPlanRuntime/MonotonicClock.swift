internal import CTaperKernels
public import TaperPlanFormat

/// The clock of op traces, for callers that time whole runs on the same scale.
public enum MonotonicClock {
  /// Nanoseconds since an arbitrary start; never goes back.
  public static func now() -> Nanoseconds { Nanoseconds(ck_now_ns()) }
}
