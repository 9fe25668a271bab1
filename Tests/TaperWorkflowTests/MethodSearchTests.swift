import Foundation
import TaperAuditor
import TaperPlanFormat
import TaperPlanner
import TaperWorkflow
import Testing

extension PlanningRequest {
  /// Of its elimination profile; nil: the calibration's, or none.
  fileprivate var decay: Double? {
    if case .tokens(.attention(let decay), _) = method { decay } else { nil }
  }
}

/// The search, with scores written down as formulas.
@Suite struct MethodSearchTests {
  private let base = PlanningRequest(maximumLength: 2)

  /// Of three layers, without halting points or selectors.
  private var plainSpace: SearchSpace { SearchSpace(base, target: .speedup(2), layers: 3) }

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
      plainSpace, texts: texts, cache: cache, isOver: isOver,
      schedule: schedule,
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
    #expect(trials.first?.candidate == SearchTrial.Candidate(.attention(decay: 0.35), depth: 2))
    #expect(trials.count == 3 * (1 + SearchSpace.decays.count))
    #expect(sizes[500] == trials.count)
    #expect(sizes[1_500]! < sizes[500]! / 2)
    #expect(sizes[4_000]! < sizes[1_500]!)
  }

  @Test func methodAccStaysInToTheEnd() throws {
    var search = search(best: (1, 1.0))
    let trials = try search.run { _, _, _, _ in }
    let plain = trials.first { $0.candidate == SearchTrial.Candidate(depth: 3) }
    #expect(plain?.texts == 4_000)
  }

  @Test func fewTextsAreOneRound() throws {
    var sizes: Set<Int> = []
    var search = search(best: (3, nil), texts: 80, asked: { sizes.insert($0) })
    #expect(try search.run { _, _, _, _ in }.first?.candidate == SearchTrial.Candidate(depth: 3))
    #expect(sizes == [80])
  }

  @Test func candidatesOutOfReachAreLeftOut() throws {
    var search = MethodSearch(
      plainSpace, texts: 80,
      schedule: { $0.depth == 1 ? schedule($0) : nil },
      judge: { _, texts in SearchTrial.Score(metric: 0.5, loss: 1, heldOut: texts) })
    let trials = try search.run { _, _, _, _ in }
    #expect(trials.count == 1 + SearchSpace.decays.count)
    #expect(trials.allSatisfy { $0.candidate.depth == 1 })
  }

  @Test func aTimeBoxEndsItWithWhatThereIs() throws {
    var count = 0
    var search = search(best: (2, 0.35), isOver: { count >= 4 }, asked: { _ in count += 1 })
    let trials = try search.run { _, _, _, _ in }
    #expect(count == 4)
    #expect(trials.count == 4)
  }

  @Test func whereTimeIsUpTheMetricDecides() throws {
    var asked = 0
    var search = MethodSearch(
      plainSpace, texts: 4_000, isOver: { asked >= 5 },
      schedule: { schedule($0) },
      judge: { _, texts in
        asked += 1
        // The later, the better by the metric and the worse by loss.
        return SearchTrial.Score(metric: Double(asked) / 10, loss: Double(asked), heldOut: texts)
      })
    #expect(try search.run { _, _, _, _ in }.map(\.score.metric) == [0.5, 0.4, 0.3, 0.2, 0.1])
  }

  /// Plain `acc` comes first in the second round, and would stand before all that the first one found.
  @Test func aRoundOfPlainCandidatesAloneDecidesNothing() throws {
    var count = 0
    let first = 3 * (1 + SearchSpace.decays.count)
    var search = search(best: (2, 0.35), isOver: { count >= first + 1 }, asked: { _ in count += 1 })
    let trials = try search.run { _, _, _, _ in }
    #expect(count == first + 1)
    #expect(trials.first?.candidate == SearchTrial.Candidate(.attention(decay: 0.35), depth: 2))
    #expect(trials.allSatisfy { $0.texts == 500 } && trials.count == first)
  }

  /// Whenever the time is found to be up.
  @Test func theRankingIsByTextsThenByTheMetric() throws {
    for limit in 1...70 {
      var asked = 0
      var search = MethodSearch(
        plainSpace, texts: 4_000,
        isOver: {
          asked += 1
          return asked > limit
        },
        schedule: { schedule($0) },
        judge: { request, texts in
          let number = Double(request.depth ?? 0) + (request.decay ?? 0.05)
          // The better by the metric, the worse by loss.
          return SearchTrial.Score(metric: number / 10, loss: number, heldOut: texts)
        })
      let found = try search.run { _, _, _, _ in }.map { ($0.texts, $0.score.metric) }
      #expect(zip(found, found.dropFirst()).allSatisfy { $0 >= $1 }, "after \(limit) questions")
    }
  }

  @Test func aRoundOfNearlyAllTextsIsLeftOut() throws {
    for (texts, rounds) in [
      (512, [512]), (700, [500, 700]), (1_900, [500, 1_900]), (2_000, [500, 1_500, 2_000]),
    ] {
      var sizes: Set<Int> = []
      var search = search(best: (3, nil), texts: texts, asked: { sizes.insert($0) })
      _ = try search.run { _, _, _, _ in }
      #expect(sizes.sorted() == rounds)
    }
  }

  @Test func anInterruptedSearchGoesOnWhereItStopped() throws {
    let path = NSTemporaryDirectory() + "taper-search-\(UUID().uuidString).jsonl"
    defer { try? FileManager.default.removeItem(atPath: path) }
    var count = 0
    var first = search(
      best: (2, 0.35), cache: try SearchCache(path: path, question: "a"), isOver: { count >= 10 },
      asked: { _ in
        count += 1
      })
    _ = try first.run { _, _, _, _ in }
    // A crash in the middle of a line.
    try (String(contentsOfFile: path, encoding: .utf8) + "{\"key\":").write(
      toFile: path, atomically: true, encoding: .utf8)
    var whole = 0
    var uninterrupted = search(best: (2, 0.35), asked: { _ in whole += 1 })
    let expected = try uninterrupted.run { _, _, _, _ in }
    var rest = 0
    var second = search(
      best: (2, 0.35), cache: try SearchCache(path: path, question: "a"), asked: { _ in rest += 1 })
    #expect(try second.run { _, _, _, _ in } == expected)
    #expect(rest == whole - 10)
    // The line that was cut has swallowed none of what came after it.
    var nothing = 0
    var again = search(
      best: (2, 0.35), cache: try SearchCache(path: path, question: "a"), asked: { _ in nothing += 1 })
    #expect(try again.run { _, _, _, _ in } == expected && nothing == 0)
    // Another question finds nothing of use in the file.
    var other = 0
    var third = search(
      best: (2, 0.35), cache: try SearchCache(path: path, question: "b"), asked: { _ in other += 1 })
    #expect(try third.run { _, _, _, _ in } == expected)
    #expect(other == whole)
  }

  // MARK: Trained methods and precisions

  /// Whether attention drops tokens with the calibration's decay, and no run halts.
  private func isPlain(_ request: PlanningRequest) -> Bool {
    request.method == .tokens(.attention(), .speedup(2)) && request.halting == nil
  }

  /// One for who drops tokens and whether runs halt.
  private func methodNumber(_ request: PlanningRequest) -> Int {
    let dropping =
      switch request.method {
      case .tokens(.attention, _): 0
      case .tokens(.selectors, _): 2
      default: 4
      }
    return dropping + (request.halting == nil ? 0 : 1)
  }

  private static let precisions = [Precision.bf16, .int8].map { PrecisionAssignment($0) }

  /// A model of two layers that halts, with a selector after the first.
  private func space(halts: Bool = true, selectors: [Int] = [1]) -> SearchSpace {
    SearchSpace(
      base, target: .speedup(2), layers: 2, halts: halts, selectors: selectors, precisions: Self.precisions)
  }

  @Test func theSpaceHoldsWhatTheModelHas() {
    let all = space().candidates
    #expect(all.first == SearchTrial.Candidate(depth: 2) && all.first == space().plain)
    #expect(Set(all).count == all.count)
    func count(_ method: String) -> Int { all.count { $0.methodName == method } }
    let decays = 1 + SearchSpace.decays.count
    #expect(count("acc") == 3 * 2 * decays && count("acc+halting") == 3 * 2 * decays)
    #expect(count("halting") == 3 * 2)
    // A selector after layer 1 acts only where a second layer follows; dynamic and static.
    for name in ["selector", "selector-static"] {
      #expect(count(name) == 3 && count(name + "+halting") == 3)
    }
    #expect(all.allSatisfy { !$0.methodName.hasPrefix("selector") || $0.depth == 2 })
    #expect(space(halts: false, selectors: []).candidates.allSatisfy { $0.methodName == "acc" })
    // A search that ends early has seen one of each kind before it sees a second decay.
    let firstDecay = all.firstIndex { $0.decay != nil } ?? 0
    #expect(Set(all.prefix(firstDecay).map(\.methodName)).count == 7)
  }

  private func run(
    _ space: SearchSpace, texts: Int = 80, cache: SearchCache? = nil,
    schedule: @escaping (PlanningRequest) -> Schedule? = { _ in nil },
    _ judge: @escaping (PlanningRequest, Int) -> SearchTrial.Score
  ) throws -> [SearchTrial] {
    var search = MethodSearch(
      space, texts: texts, cache: cache,
      schedule: { schedule($0) ?? self.schedule($0) }, judge: judge)
    return try search.run { _, _, _, _ in }
  }

  @Test func equalAccuracyGoesToTheSmallerExpectedTime() throws {
    let trials = try run(space()) { request, texts in
      let time = request.method == .layers(.speedup(2)) && request.depth == 2 ? 10 : 20
      return SearchTrial.Score(
        metric: 0.9, loss: request.halting != nil ? 2 : 1, heldOut: texts,
        expected: Nanoseconds(UInt64(time)),
        worst: Nanoseconds(30))
    }
    #expect(trials.first?.candidate == SearchTrial.Candidate(nil, halts: true, depth: 2))
    #expect(trials.first?.score.expected == Nanoseconds(10))
  }

  @Test func halvingKeepsTheBestOfEachKindAndPlainAcc() throws {
    // Halted answers have the larger loss and the better accuracy.
    let trials = try run(space(), texts: 4_000) { request, texts in
      SearchTrial.Score(
        metric: request.halting != nil ? 0.95 : 0.9,
        loss: (request.halting != nil ? 5 : 1) + (isPlain(request) ? 3 : 0)
          - Double(request.depth ?? 0) / 10, heldOut: texts)
    }
    #expect(trials.first.map { $0.candidate.halts && $0.texts == 4_000 } == true)
    let plain = trials.first { $0.candidate == SearchTrial.Candidate(depth: 2) }
    #expect(plain?.texts == 4_000, "plain acc stays in, whatever its loss")
    #expect((trials.first?.score.metric ?? 0) >= (plain?.score.metric ?? 1))
  }

  @Test func onePlanIsTriedOnce() throws {
    let dense = { (request: PlanningRequest) in
      Schedule.dense(maximumLength: 2, layerCount: request.depth ?? 0)
    }
    let trials = try run(space(), schedule: dense) { _, texts in
      SearchTrial.Score(metric: 0.9, loss: 1, heldOut: texts)
    }
    // Every token at two depths: as it is, halting, and at depth 2 a selector by threshold with and without; three
    // precisions.
    #expect(trials.count == 3 * (2 * 2 + 2))
    let names = Set(trials.map(\.candidate.methodName))
    #expect(names == ["acc", "halting", "selector", "selector+halting"])
    #expect(trials.allSatisfy { $0.candidate.decay == nil })
  }

  @Test func headsAsTheyWereTrainedReadDroppedTokensOrNot() throws {
    func space(refits: Bool) -> SearchSpace {
      SearchSpace(
        base, target: .speedup(2), layers: 2, halts: true, choosesRestoring: true, refits: refits)
    }
    let own = space(refits: false)
    #expect(own.candidates.count == 2 * space(refits: true).candidates.count { !$0.halts } * 2 + 4)
    // A head that is fitted again is fitted to all tokens' states.
    #expect(space(refits: true).candidates.allSatisfy { $0.restores || $0.halts })
    #expect(own.candidates.prefix(2).map(\.restores) == [true, false])

    // Both ways of plain acc stay in, and are judged by their own requests.
    let dropping = { (request: PlanningRequest) in
      var schedule = self.schedule(request)
      schedule.keepCounts[0] = schedule.keepCounts.last ?? 0
      schedule.keepCounts[schedule.keepCounts.count - 1] = 1
      return schedule
    }
    let trials = try run(own, texts: 4_000, schedule: dropping) { request, texts in
      let isRestored = request.restoresDroppedTokens
      return SearchTrial.Score(
        metric: isRestored ? 0.8 : 0.9, loss: isPlain(request) ? 9 : 1,
        heldOut: texts)
    }
    #expect(trials.first?.candidate.restores == false)
    for restores in [true, false] {
      let plain = trials.first { $0.candidate == SearchTrial.Candidate(depth: 2, restores: restores) }
      #expect(plain?.texts == 4_000)
    }
    // Nothing dropped, nothing to choose.
    let dense = { (request: PlanningRequest) in
      Schedule.dense(maximumLength: 2, layerCount: request.depth ?? 0)
    }
    let whole = try run(own, schedule: dense) { _, texts in
      SearchTrial.Score(metric: 0.9, loss: 1, heldOut: texts)
    }
    #expect(whole.count == 2 * 2 && whole.allSatisfy { $0.candidate.restores })
  }

  @Test func aCacheIsNoOtherFile() throws {
    let path = NSTemporaryDirectory() + "taper-search-\(UUID().uuidString).json"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let other = "{\"key\": \"value\"}\n{\"texts\": 3}\n"
    try other.write(toFile: path, atomically: true, encoding: .utf8)
    let error = #expect(throws: WorkflowError.self) { _ = try SearchCache(path: path, question: "a") }
    #expect(error == .cacheForeign(path: path))
    #expect(try String(contentsOfFile: path, encoding: .utf8) == other)
    let folder = NSTemporaryDirectory()
    let unwritable = #expect(throws: WorkflowError.self) {
      _ = try SearchCache(path: folder, question: "a")
    }
    #expect(unwritable == .cacheUnwritable(path: folder))
    try "".write(toFile: path, atomically: true, encoding: .utf8)
    _ = try SearchCache(path: path, question: "a")
  }

  @Test func theCacheTellsAllCandidatesApart() throws {
    let path = NSTemporaryDirectory() + "taper-search-\(UUID().uuidString).jsonl"
    defer { try? FileManager.default.removeItem(atPath: path) }
    /// A score that no two candidates share.
    func judge(_ request: PlanningRequest, _ texts: Int) -> SearchTrial.Score {
      let methods = methodNumber(request)
      let precision = Precision.allCases.firstIndex(of: request.precision.base)!
      let number =
        methods * 10_000_000 + precision * 1_000_000 + request.precision.exceptions.count * 500_000
        + (request.method.selection == .static ? 100_000 : 0) + (request.restoresDroppedTokens ? 0 : 200_000)
        + (request.depth ?? 9) * 10_000
        + Int(1000 * (request.decay ?? 9))
      return SearchTrial.Score(
        metric: Double(number) / 1_000_000_000, interval: .proportion(number % 80, of: 80),
        loss: Double(number),
        heldOut: texts, expected: Nanoseconds(UInt64(number)), worst: Nanoseconds(UInt64(2 * number)))
    }
    var mixed = base
    mixed.precision = PrecisionAssignment(.int8, exceptions: ["layer.1.qkv.weight": .f32])
    let space = SearchSpace(
      mixed, target: .speedup(2), layers: 2, halts: true, selectors: [1], precisions: Self.precisions,
      choosesRestoring: true)
    func distinct(_ request: PlanningRequest) -> Schedule {
      var schedule = schedule(request)
      schedule.keepCounts[0] = UInt16(methodNumber(request))
      schedule.keepCounts[1] = request.method.selection == .static ? 1 : 0
      return schedule
    }
    let first = try run(space, cache: try SearchCache(path: path, question: "a"), schedule: distinct, judge)
    var asked = 0
    let second = try run(
      space, cache: try SearchCache(path: path, question: "a"), schedule: distinct
    ) { request, texts in
      asked += 1
      return judge(request, texts)
    }
    #expect(second == first && asked == 0)
    #expect(Set(first.map(\.score.loss)).count == first.count && first.count > 50)
  }
}
