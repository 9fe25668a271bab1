internal import TaperAuditor
internal import TaperPlanFormat
public import TaperPlanner

/// A request as a line of options, without paths: what a plan's identity keeps of it.
///
/// Reading what was written gives the same request, shares to four decimals of a percent.
extension CompileRequest {
  public var text: String { text(of: .plan) }

  /// Who writes the text: a plan's bytes hold it, so the differences stay.
  enum Author {
    case plan
    /// Whole factors have no decimals, and the dense plan no method.
    case sweep
  }

  func text(of author: Author) -> String {
    var words: [String] = []
    func add(_ option: Option, _ value: String? = nil) {
      words.append(option.rawValue)
      if let value { words.append(value) }
    }
    func factor(_ factor: Double) -> String {
      (author == .sweep ? ValueText.short(factor) : "\(factor)") + "x"
    }
    switch goal.target {
    case .dense: add(.dense)
    case .keepCounts(let counts): add(.keepCounts, ValueText.text(counts))
    case .reach(.times(let limits)):
      if !limits.steps.isEmpty { add(.latency, ValueText.text(limits)) }
      switch limits.average {
      case .time(let time): add(.meanLatency, ValueText.text(time))
      case .throughput(let rate): add(.throughput, ValueText.text(rate: rate))
      case nil: break
      }
    case .reach(.speedup(let speedup)): add(.speedup, factor(speedup))
    case .reach(.workSpeedup(let speedup)): add(.flopsSpeedup, factor(speedup))
    }
    var decay: Double?
    if author == .plan || goal.target != .dense {
      add(.method, goal.method.name.rawValue)
      switch goal.method {
      case .search(let rule): add(.haltingRule, rule.rawValue)
      case .given(let dropping, let rule):
        if let rule { add(.haltingRule, rule.rawValue) }
        switch dropping {
        case .selectors(let selection): add(.selection, selection.rawValue)
        case .attention(let given): decay = given
        case .words, nil: break
        }
      }
    }
    add(.maxLength, "\(options.maximumLength)")
    add(.precision, options.precision.rawValue)
    add(.threads, "\(options.threads)")
    if options.refitsHead { add(.refitHead) }
    for pass in options.disabledPasses { add(.disablePass, pass.rawValue) }
    if options.usesOpenBLAS { add(.withOpenBLAS) }
    if options.dropsBeyondCalibration { add(.beyondCalibration) }
    if options.readOut != .auto { add(.readOut, options.readOut.rawValue) }
    if let depth = goal.depth { add(.depth, "\(depth)") }
    if let decay { add(.decay, "\(decay)") }
    if let name = options.measure.name { add(.metric, name.rawValue) }
    if let positive = options.measure.positive { add(.positive, ValueText.word(positive)) }
    if let drop = gate.maximumDrop { add(.maxDrop, ValueText.text(share: drop)) }
    if let minimum = gate.minimum { add(.minAccuracy, ValueText.text(share: minimum)) }
    if let arena = memory.arena { add(.maxArena, ValueText.text(arena)) }
    if let resident = memory.resident { add(.maxResident, ValueText.text(resident)) }
    return words.joined(separator: " ")
  }

  private enum Option: String {
    case dense = "--dense"
    case keepCounts = "--keep-counts"
    case latency = "--latency"
    case meanLatency = "--mean-latency"
    case throughput = "--throughput"
    case speedup = "--speedup"
    case flopsSpeedup = "--flops-speedup"
    case method = "--method"
    case haltingRule = "--halting-rule"
    case selection = "--selection"
    case maxLength = "--max-length"
    case precision = "--precision"
    case threads = "--threads"
    case refitHead = "--refit-head"
    case disablePass = "--disable-pass"
    case withOpenBLAS = "--with-openblas"
    case beyondCalibration = "--beyond-calibration"
    case readOut = "--read-out"
    /// Of plans up to format 1.7: yes, no.
    case restore = "--restore"
    case depth = "--depth"
    case decay = "--decay"
    case metric = "--metric"
    case positive = "--positive"
    case maxDrop = "--max-drop"
    case minAccuracy = "--min-accuracy"
    case maxArena = "--max-arena"
    case maxResident = "--max-resident"

    var hasValue: Bool {
      ![.dense, .refitHead, .withOpenBLAS, .beyondCalibration].contains(self)
    }
  }

  /// Nil when it cannot be read; options may come in any order.
  public init?(text: String) {
    var words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)[...]
    var values: [Option: [String]] = [:]
    while let word = words.popFirst() {
      guard let option = Option(rawValue: word) else { return nil }
      guard option.hasValue else {
        values[option] = [""]
        continue
      }
      guard let value = words.popFirst() else { return nil }
      values[option, default: []].append(value)
    }
    guard values.allSatisfy({ $0.key == .disablePass || $0.value.count == 1 }) else { return nil }
    /// The option's value; `absent` when it is not there. Nil when it cannot be read.
    func read<Value>(_ option: Option, absent: Value?, _ parse: (String) -> Value?) -> Value? {
      values[option].map { parse($0[0]) } ?? absent
    }
    /// The same, of an option that may be left out.
    func optional<Value>(_ option: Option, _ parse: (String) -> Value?) -> Value?? {
      read(option, absent: .some(nil)) { parse($0).map { .some($0) } }
    }
    guard let counts = optional(.keepCounts, ValueText.keepCounts),
      let deadlines = optional(.latency, ValueText.deadlines),
      let mean = optional(.meanLatency, ValueText.time), let rate = optional(.throughput, ValueText.rate),
      let speedup = optional(.speedup, ValueText.factor),
      let work = optional(.flopsSpeedup, ValueText.factor),
      let name = read(.method, absent: .acc, CompileMethod.Name.init(rawValue:)),
      let rule = read(.haltingRule, absent: .tight, HaltingRule.init(rawValue:)),
      let selection = read(.selection, absent: .dynamic, TokenSelection.init(rawValue:)),
      let decay = read(.decay, absent: .some(nil), ValueText.decay),
      let depth = optional(.depth, ValueText.wholeNumber),
      values[.haltingRule] == nil || name.halts || name == .search,
      values[.selection] == nil || name.selects, values[.decay] == nil || name.hasDecay
    else { return nil }
    let targets = CompileGoal.targets(
      isDense: values[.dense] != nil, keepCounts: counts, deadlines: deadlines,
      averages: [mean.map(TimeLimits.Average.time), rate.map(TimeLimits.Average.throughput)].compactMap(
        \.self),
      speedup: speedup, workSpeedup: work)
    let method = CompileMethod(name, selection: selection, rule: rule, decay: decay)
    guard targets.count == 1, let goal = try? CompileGoal(targets[0], method: method, depth: depth),
      let maximumLength = read(.maxLength, absent: nil, ValueText.count),
      let precision = read(.precision, absent: .f32, CompileOptions.PrecisionChoice.init(rawValue:)),
      let threads = read(.threads, absent: 1, ValueText.count),
      let readOut = read(.readOut, absent: .auto, CompileOptions.ReadOut.init(rawValue:)),
      let restoring = read(.restore, absent: readOut, CompileOptions.ReadOut.init(restoring:)),
      let metric = optional(.metric, AnswerMeasure.Name.init(rawValue:)),
      let positive = optional(.positive, ValueText.text(word:)),
      let drop = optional(.maxDrop, ValueText.share), let minimum = optional(.minAccuracy, ValueText.share),
      let arena = optional(.maxArena, ValueText.size), let resident = optional(.maxResident, ValueText.size)
    else { return nil }
    var passes: [PlannerPass] = []
    for name in values[.disablePass] ?? [] {
      guard let pass = PlannerPass(rawValue: name) else { return nil }
      passes.append(pass)
    }
    self.init(
      goal,
      options: CompileOptions(
        maximumLength: maximumLength, threads: threads, precision: precision,
        refitsHead: values[.refitHead] != nil, disabledPasses: passes,
        usesOpenBLAS: values[.withOpenBLAS] != nil, readOut: restoring,
        dropsBeyondCalibration: values[.beyondCalibration] != nil,
        measure: AnswerMeasure(metric, positive: positive)),
      memory: MemoryCeiling(arena: arena, resident: resident),
      gate: AccuracyGate(maximumDrop: drop, minimum: minimum))
  }
}

extension CompileOptions.ReadOut {
  fileprivate init?(restoring word: String) {
    switch word {
    case "yes": self = .restored
    case "no": self = .kept
    case "auto": self = .auto
    default: return nil
    }
  }
}

extension CompileGoal {
  /// The targets that such options name; a deadline and an average are one.
  public static func targets(
    isDense: Bool, keepCounts: [Int]?, deadlines: TimeLimits?, averages: [TimeLimits.Average],
    speedup: Double?, workSpeedup: Double?
  ) -> [Target] {
    var targets: [Target] = []
    if averages.isEmpty, let deadlines { targets.append(.reach(.times(deadlines))) }
    for average in averages {
      var limits = deadlines ?? TimeLimits()
      limits.average = average
      targets.append(.reach(.times(limits)))
    }
    if let speedup { targets.append(.reach(.speedup(speedup))) }
    if let workSpeedup { targets.append(.reach(.workSpeedup(workSpeedup))) }
    if let keepCounts { targets.append(.keepCounts(keepCounts)) }
    if isDense { targets.append(.dense) }
    return targets
  }
}
