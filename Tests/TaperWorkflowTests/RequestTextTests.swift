import TaperAuditor
import TaperPlanFormat
import TaperPlanner
import TaperWorkflow
import TestSupport
import Testing

/// The line of options that a plan keeps of its request.
@Suite struct RequestTextTests {
  @Test func readingGivesBackWhatWasWritten() throws {
    for seed in 0..<2_000 { try check(seed) }
  }

  private func check(_ seed: Int) throws {
    var draw = Draw(seed: UInt64(seed))
    let request = draw.request()
    let text = request.text
    #expect(CompileRequest(text: text) == request, "\(text)")
    // In any order: an option and its value are what belongs together.
    let options = text.split(separator: "--").map { "--" + $0.trimming(" ") }
    #expect(
      CompileRequest(text: options.reversed().joined(separator: " ")) == draw.reordered(request), "\(text)")
  }

  /// As plans have it: their bytes depend on it.
  @Test func isWrittenAsPlansHaveIt() throws {
    let options = CompileOptions(maximumLength: 128)
    let common = " --max-length 128 --precision f32 --threads 1"
    #expect(CompileRequest(.dense, options: options).text == "--dense --method acc" + common)
    let fast = CompileRequest(
      try CompileGoal(.reach(.speedup(2)), method: .acc(decay: 0.35), depth: 4), options: options,
      memory: MemoryCeiling(arena: Bytes(4_194_304)), gate: AccuracyGate(maximumDrop: 0.0075, minimum: 0.9))
    #expect(
      fast.text == "--speedup 2.0x --method acc" + common
        + " --depth 4 --decay 0.35 --max-drop 0.75% --min-accuracy 90% --max-arena 4194304B")
    let limits = TimeLimits(
      [.init(upTo: 64, Nanoseconds(2_500_000)), .init(upTo: 128, Nanoseconds(8_000_000))], at: .p99,
      average: .throughput(400))
    let searched = CompileRequest(
      try CompileGoal(.reach(.times(limits)), method: .search(.authors)),
      options: CompileOptions(
        maximumLength: 128, threads: 2, precision: .auto, refitsHead: true,
        disabledPasses: [.fuseQKV, .inPlace], usesOpenBLAS: true, readOut: .kept, dropsBeyondCalibration: true
      ))
    #expect(
      searched.text
        == "--latency 64:2500us,128:8ms@p99 --throughput 400/s --method search --halting-rule authors"
        + " --max-length 128 --precision auto --threads 2 --refit-head --disable-pass fuse-qkv"
        + " --disable-pass in-place --with-openblas --beyond-calibration --read-out kept")
    let selecting = CompileRequest(
      try CompileGoal(.reach(.workSpeedup(1.25)), method: .given(.selectors(.static), halting: .tight)),
      options: options)
    #expect(
      selecting.text
        == "--flops-speedup 1.25x --method selector+halting --halting-rule tight --selection static"
        + common)
  }

  @Test(arguments: [
    "", "--dense --speedup 2x --max-length 8", "--max-length 8", "--dense", "--dense --max-length 0",
    "--dense --max-length 8 --max-length 9", "--dense --max-length", "--dense --max-length 8 --magic",
    "--dense --max-length 8 --decay 0.1", "--dense --max-length 8 --selection static",
    "--dense --method search --max-length 8", "--speedup 0.5x --max-length 8",
    "--speedup 2x --method depth --decay 0.1 --max-length 8", "--dense  --max-length 8",
    "--latency 8:1ms,4:2ms --max-length 8", "--dense --max-length 8 --disable-pass magic",
  ])
  func whatIsNoRequestIsRefused(text: String) {
    #expect(CompileRequest(text: text) == nil)
  }

  /// What contradicts itself cannot be said.
  @Test func goalsThatContradictThemselves() {
    func conflict(
      _ target: CompileGoal.Target, _ method: CompileMethod, depth: Int? = nil
    ) -> GoalConflict? {
      do throws(GoalConflict) {
        _ = try CompileGoal(target, method: method, depth: depth)
        return nil
      } catch {
        return error
      }
    }
    let fast = CompileGoal.Target.reach(.speedup(2))
    #expect(conflict(.dense, .search(.tight)) == .searchChooses)
    #expect(conflict(fast, .search(.tight), depth: 2) == .searchChooses)
    #expect(conflict(.dense, .given(.selectors(.dynamic), halting: .tight)) == .selectorsNeedTarget)
    #expect(conflict(.dense, .depth) == .depthNeedsTarget && conflict(.dense, .depth, depth: 2) == nil)
    #expect(conflict(.dense, .acc(decay: 0.1)) == .decayNeedsTarget(found: .dense))
    #expect(conflict(.keepCounts([4]), .acc(decay: 0.1)) == .decayNeedsTarget(found: .keepCounts([4])))
    #expect(conflict(.keepCounts([4]), .depth) == .keepCountsNeedAcc(found: .depth))
    #expect(conflict(fast, .acc(decay: 0.1), depth: 3) == nil && conflict(.keepCounts([4]), .acc()) == nil)
  }
}

extension Substring {
  fileprivate func trimming(_ end: Character) -> Substring { last == end ? dropLast() : self }
}

/// Requests as the command line can say them.
private struct Draw {
  private var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  private mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
  private mutating func chance() -> Bool { Bool.random(using: &generator) }
  private mutating func one<Value>(of values: [Value]) -> Value { values.randomElement(using: &generator)! }
  private mutating func maybe<Value>(_ value: (inout Draw) -> Value) -> Value? {
    chance() ? value(&self) : nil
  }

  private mutating func time() -> Nanoseconds {
    Nanoseconds(UInt64(number(1...999)) * one(of: [1, 1_000, 1_000_000, 1_000_000_000, 7]))
  }

  private mutating func limits() -> TimeLimits {
    var limits = TimeLimits()
    switch number(0...2) {
    case 0: limits.steps = [.init(upTo: .max, time())]
    case 1:
      var length = 0
      for _ in 0..<number(1...4) {
        length += number(1...200)
        limits.steps.append(.init(upTo: length, time()))
      }
    default: break
    }
    if !limits.steps.isEmpty { limits.percentile = one(of: Percentile.allCases) }
    if limits.steps.isEmpty || chance() {
      limits.average =
        chance() ? .time(time()) : .throughput(one(of: [Double(number(1...5_000)), 0.3, 1e-7, 417.25]))
    }
    return limits
  }

  private mutating func factor() -> Double {
    one(of: [1, 2, 1.25, 8, 1e6, 1 + Double(number(0...999)) / 100])
  }

  private mutating func target() -> CompileGoal.Target {
    switch number(0...5) {
    case 0: .dense
    case 1: .keepCounts((0..<number(1...12)).map { _ in number(1...512) }.sorted(by: >))
    case 2: .reach(.speedup(factor()))
    case 3: .reach(.workSpeedup(factor()))
    default: .reach(.times(limits()))
    }
  }

  private mutating func decay() -> Double { one(of: [0, 0.1, 0.35, 10, Double(number(0...1_000)) / 100]) }

  private mutating func method() -> CompileMethod {
    CompileMethod(
      one(of: CompileMethod.Name.allCases), selection: one(of: TokenSelection.allCases),
      rule: one(of: HaltingRule.allCases), decay: maybe { $0.decay() })
  }

  /// To four decimals of a percent, as it is read.
  private mutating func share() -> Double { Double(number(0...1_000_000)) / 1e4 / 100 }

  mutating func request() -> CompileRequest {
    var goal: CompileGoal?
    while goal == nil {
      goal = try? CompileGoal(target(), method: method(), depth: maybe { $0.number(0...24) })
    }
    let options = CompileOptions(
      maximumLength: number(1...65_535), threads: number(1...64),
      precision: one(of: CompileOptions.PrecisionChoice.allCases), refitsHead: chance(),
      disabledPasses: (0..<number(0...3)).map { _ in one(of: PlannerPass.allCases) },
      usesOpenBLAS: chance(), readOut: one(of: CompileOptions.ReadOut.allCases),
      dropsBeyondCalibration: chance(),
      measure: AnswerMeasure(
        maybe { $0.one(of: AnswerMeasure.Name.allCases) },
        positive: maybe { $0.one(of: ["spam", "not spam", "50% off", "%20", " a  b "]) }))
    return CompileRequest(
      goal ?? .dense, options: options,
      memory: MemoryCeiling(
        arena: maybe { Bytes(UInt64($0.number(1...1 << 40))) },
        resident: maybe { Bytes(UInt64($0.number(1...1 << 40))) }),
      gate: AccuracyGate(maximumDrop: maybe { $0.share() }, minimum: maybe { $0.share() }))
  }

  /// The request whose options come in the reverse order: passes are kept as they were named.
  func reordered(_ request: CompileRequest) -> CompileRequest {
    var request = request
    request.options.disabledPasses.reverse()
    return request
  }
}
