import TaperAuditor
import TaperJSON
import TaperPlanFormat

/// How steady the machine was while something was timed.
enum NoiseSummary {
  static func json(_ noise: NoiseFigure) -> JSONValue {
    func series(_ series: NoiseFigure.Series) -> JSONValue {
      ["p50_ns": time(series.p50), "spread": .number(series.spread), "drift": .number(series.drift)]
    }
    return [
      "verdict": noise.isNoisy ? "noisy" : "steady", "bound": .number(noise.bound),
      "compute": series(noise.compute), "bandwidth": series(noise.bandwidth),
    ]
  }

  static func json(_ times: ReferenceTimes) -> JSONValue {
    ["compute_ns": time(times.compute), "bandwidth_ns": time(times.bandwidth)]
  }

  static func text(_ noise: NoiseFigure) -> String {
    func words(_ series: NoiseFigure.Series) -> String {
      "\(NumberText.percent(series.spread)) (drift \(NumberText.signedPercent(series.drift)))"
    }
    return """
      machine \(noise.isNoisy ? "too noisy to judge" : "steady"): arithmetic varied by \(words(noise.compute)), memory by \
      \(words(noise.bandwidth)); \(NumberText.percent(noise.bound, 0)) allowed
      """
  }

  private static func time(_ time: Nanoseconds) -> JSONValue { .integer(Int64(clamping: time.rawValue)) }
}
