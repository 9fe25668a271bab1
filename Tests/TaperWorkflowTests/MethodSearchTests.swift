import Foundation
import TaperPlanFormat
import TaperPlanner
import TaperWorkflow
import Testing

/// The search over depth and decay, with scores written down as formulas.
@Suite struct MethodSearchTests {
  private let request = PlanningRequest(target: .speedup(2), method: .search, maximumLength: 2)

  /// Distinct for every candidate, as a schedule is.
  private func schedule(_ request: PlanningRequest) -> Schedule {
    let depth = request.depth ?? 0
    var schedule = Schedule.dense(maximumLength: 2, layerCount: depth)
    schedule.keepCounts[schedule.keepCounts.count - 1] = UInt16(100 * (request.decay ?? 0.05))
    return schedule
  }

  private func search(
    best: (depth: Int, decay: Double?), texts: Int = 4_000, cache: SearchCache? = nil,
    isOver: @escaping () -> Bool = { false },
    asked: @escaping (Int) -> Void = { _ in }
  ) -> MethodSearch {
    MethodSearch(
      request: request, layers: 3, texts: texts, cache: cache, isOver: isOver, schedule: schedule,
      judge: { request, texts in
        asked(texts)
        let distance =
          Double(abs((request.depth ?? 0) - best.depth)) + abs((request.decay ?? 0.05) - (best.decay ?? 0.05))
        return SearchTrial.Score(metric: 1 - distance / 10, loss: distance, heldOut: texts / 5)
      })
  }

  @Test func findsTheBestCandidateAndSpendsTextsOnTheLastFew() throws {
    var sizes: [Int: Int] = [:]
    var search = search(best: (2, 0.35), asked: { sizes[$0, default: 0] += 1 })
    let trials = try search.run { _, _, _, _ in }
    #expect(trials.first?.candidate == SearchTrial.Candidate(depth: 2, decay: 0.35))
    #expect(trials.count == 3 * (1 + MethodSearch.decays.count))
    #expect(sizes[500] == trials.count)
    #expect(sizes[1_500]! < sizes[500]! / 2)
    #expect(sizes[4_000]! < sizes[1_500]!)
  }

  @Test func methodAccStaysInToTheEnd() throws {
    var search = search(best: (1, 1.0))
    let trials = try search.run { _, _, _, _ in }
    let plain = trials.first { $0.candidate == SearchTrial.Candidate(depth: 3, decay: nil) }
    #expect(plain?.texts == 4_000)
  }

  @Test func fewTextsAreOneRound() throws {
    var sizes: Set<Int> = []
    var search = search(best: (3, nil), texts: 80, asked: { sizes.insert($0) })
    #expect(try search.run { _, _, _, _ in }.first?.candidate == SearchTrial.Candidate(depth: 3, decay: nil))
    #expect(sizes == [80])
  }

  @Test func candidatesOutOfReachAreLeftOut() throws {
    var search = MethodSearch(
      request: request, layers: 3, texts: 80, schedule: { $0.depth == 1 ? schedule($0) : nil },
      judge: { _, texts in SearchTrial.Score(metric: 0.5, loss: 1, heldOut: texts) })
    let trials = try search.run { _, _, _, _ in }
    #expect(trials.count == 1 + MethodSearch.decays.count)
    #expect(trials.allSatisfy { $0.candidate.depth == 1 })
  }

  @Test func aTimeBoxEndsItWithWhatThereIs() throws {
    var count = 0
    var search = search(best: (2, 0.35), isOver: { count >= 4 }, asked: { _ in count += 1 })
    let trials = try search.run { _, _, _, _ in }
    #expect(count == 4)
    #expect(trials.count == 4)
  }

  @Test func anInterruptedSearchGoesOnWhereItStopped() throws {
    let path = NSTemporaryDirectory() + "taper-search-\(UUID().uuidString).jsonl"
    defer { try? FileManager.default.removeItem(atPath: path) }
    var count = 0
    var first = search(
      best: (2, 0.35), cache: SearchCache(path: path, question: "a"), isOver: { count >= 10 },
      asked: { _ in
        count += 1
      })
    _ = try first.run { _, _, _, _ in }
    // A crash in the middle of a line.
    try (String(contentsOfFile: path, encoding: .utf8) + "{\"key\":").write(
      toFile: path, atomically: true, encoding: .utf8)
    try (String(contentsOfFile: path, encoding: .utf8) + "\n").write(
      toFile: path, atomically: true, encoding: .utf8)
    var whole = 0
    var uninterrupted = search(best: (2, 0.35), asked: { _ in whole += 1 })
    let expected = try uninterrupted.run { _, _, _, _ in }
    var rest = 0
    var second = search(
      best: (2, 0.35), cache: SearchCache(path: path, question: "a"), asked: { _ in rest += 1 })
    #expect(try second.run { _, _, _, _ in } == expected)
    #expect(rest == whole - 10)
    // Another question finds nothing of use in the file.
    var other = 0
    var third = search(
      best: (2, 0.35), cache: SearchCache(path: path, question: "b"), asked: { _ in other += 1 })
    #expect(try third.run { _, _, _, _ in } == expected)
    #expect(other == whole)
  }
}
