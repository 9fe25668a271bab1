import TaperPlanFormat

/// Schedules for the fixtures' two layers, by name.
enum RuntimeSchedules {
  static let names = [
    "dense", "half", "first layer only", "last layer only", "one token", "long inputs only",
  ]

  static func make(_ name: String, maximumLength: Int, restores: Bool) -> Schedule {
    var counts: [UInt16] = []
    for n in 1...maximumLength {
      let kept: [Int] =
        switch name {
        case "half": [(n + 1) / 2, (n + 3) / 4]
        case "first layer only": [(2 * n + 2) / 3, (2 * n + 2) / 3]
        case "last layer only": [n, (n + 1) / 2]
        case "one token": [1, 1]
        case "long inputs only": [min(n, 12), min(n, 9)]
        default: [n, n]
        }
      counts += ([n] + kept).map(UInt16.init)
    }
    return Schedule(
      maximumLength: maximumLength, layerCount: 2, keepCounts: counts, restoresDroppedTokens: restores)
  }
}
