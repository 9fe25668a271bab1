internal import CTaperKernels
internal import TaperPlanFormat

/// Runs a loaded plan: owns the arena, the workers and the bound ops. One thread at a time; make one session for each
/// thread that answers.
///
/// After `init`, a run allocates nothing and its result does not depend on the number of workers.
///
/// - Note: `@unchecked Sendable` (below) holds because a session is the only owner of all memory it points to, and
///   every access to that memory goes through `self`, which ~Copyable keeps unique.
public struct Session: ~Copyable {
  public let loaded: LoadedPlan
  /// Workers, the calling thread included.
  public let threads: Int
  /// The tier whose row-wise kernels are bound.
  public let tier: KernelTier
  /// Tokens of the last run; 0 before the first.
  public private(set) var currentLength = 0
  /// Layers that the last run computed: fewer than the plan's when a halting point ended it; 0 before the first.
  public private(set) var depth = 0
  /// Whether halting points may end a run. When false, every run takes the plan's worst-case time; labels are the same.
  public var halts = true

  private let arena: Arena
  private let program: BoundProgram
  private let pool: WorkerPool
  private let maximumLength: Int
  private let vocabulary: UInt32
  private let tokenTypes: UInt32
  private let resultOffset: Int
  private let resultWidth: Int
  private let answersTokens: Bool

  /// - Parameters:
  ///   - threads: workers, 1 to `loaded.maximumThreads`; by default `loaded.defaultThreads`.
  ///   - tracing: whether every run records when each op started and ended.
  ///   - maximumTier: the highest tier to use; by default, and at most, the detected one.
  /// - Throws: `RuntimeError` when the arena or the workers cannot be had, or `threads` is out of range.
  public init(
    _ loaded: LoadedPlan, threads: Int? = nil, tracing: Bool = false, maximumTier: KernelTier? = nil
  ) throws(RuntimeError) {
    let threads = threads ?? loaded.defaultThreads
    guard (1...max(1, loaded.maximumThreads)).contains(threads) else {
      throw .threadsOutOfRange(asked: threads, maximum: loaded.maximumThreads)
    }
    let detected = KernelTier.detected
    let wanted = min(detected.rawValue, (maximumTier ?? detected).rawValue)
    try unsafe self.init(
      loaded, threads: threads, tracing: tracing, table: ck_kernels(ck_tier(rawValue: wanted)))
  }

  /// A session that runs the row kernels of `table` (a `ck_table`): tests give those of a tier that they emulate.
  package init(
    _ loaded: LoadedPlan, threads: Int, tracing: Bool = false, table: OpaquePointer
  ) throws(RuntimeError) {
    let plan = loaded.plan
    let arena = try Arena(byteCount: plan.arena.byteCount)
    let pool = try WorkerPool(workers: threads)

    self.loaded = loaded
    self.threads = threads
    tier = KernelTier(unsafe ck_table_tier(table))
    program = unsafe BoundProgram(loaded, arena: arena, table: table, tracing: tracing)
    self.arena = arena
    self.pool = pool
    maximumLength = plan.schedule.maximumLength
    vocabulary = plan.model.vocabulary
    tokenTypes = plan.model.tokenTypes
    resultOffset = Int(plan.arena.slots[Int(plan.resultSlot)].offset.rawValue)
    resultWidth = Int(plan.head.outputWidth)
    answersTokens = plan.head.answersTokens
  }

  /// Computes the answer for one text.
  ///
  /// - Parameters:
  ///   - ids: 1 to `maximumLength` token ids, special tokens included.
  ///   - typeIDs: as many token types, or none for all zero.
  ///   - keys: of a plan that allows it (`LateInteraction`), how many of the first tokens others see; nil: all.
  ///   - unpooled: of a plan that allows it (`Plan.leavesPromptOut`), how many of the first tokens are not pooled.
  /// - Throws: `RuntimeError` when the input is refused; the last result then stands.
  public mutating func run(
    ids: Span<UInt32>, typeIDs: Span<UInt32>, keys: Int? = nil, unpooled: Int = 0
  ) throws(RuntimeError) {
    let length = ids.count
    guard length > 0 else { throw .emptyInput }
    guard length <= maximumLength else { throw .inputTooLong(tokens: length, maximum: maximumLength) }
    guard typeIDs.isEmpty || typeIDs.count == length else {
      throw .tokenTypeCount(expected: length, found: typeIDs.count)
    }
    for i in 0..<length {
      guard ids[i] < vocabulary else {
        throw .tokenOutOfRange(position: i, id: ids[i], vocabulary: vocabulary)
      }
    }
    // A family without token types reads none, whatever its tokenizer gives.
    for i in 0..<typeIDs.count where tokenTypes > 0 {
      guard typeIDs[i] < tokenTypes else {
        throw .tokenTypeOutOfRange(position: i, typeID: typeIDs[i], tokenTypes: tokenTypes)
      }
    }
    for i in 0..<length { unsafe program.ids[i] = ids[i] }
    for i in 0..<length { unsafe program.typeIDs[i] = typeIDs.isEmpty ? 0 : typeIDs[i] }
    currentLength = length
    depth = unsafe program.execute(
      length: length, keys: keys.map { UInt32(clamping: max($0, 1)) } ?? .max,
      unpooled: UInt32(clamping: unpooled), halting: halts, on: pool.handle
    )
  }

  /// `run(ids:typeIDs:)` for arrays.
  public mutating func run(
    ids: [UInt32], typeIDs: [UInt32] = [], keys: Int? = nil, unpooled: Int = 0
  ) throws(RuntimeError) {
    try run(ids: ids.span, typeIDs: typeIDs.span, keys: keys, unpooled: unpooled)
  }

  /// Lends the workers (a `ck_pool`) between two runs, to measure the machine with the workers that serve.
  package borrowing func withWorkers<Result>(_ body: (OpaquePointer) -> Result) -> Result {
    unsafe body(pool.handle)
  }

  /// Runs an input of the maximum length once and discards the result, so that weights are in memory and kernels have
  /// allocated their buffers before the first request.
  public mutating func warmUp() {
    for i in 0..<maximumLength { unsafe program.ids[i] = 0 }
    for i in 0..<maximumLength { unsafe program.typeIDs[i] = 0 }
    unsafe _ = program.execute(length: maximumLength, halting: false, on: pool.handle)
    currentLength = 0
    depth = 0
  }

  /// Lends the last run's answer: `head.outputCount` elements, of a token classification token by token. All zero (or
  /// none) before the first run.
  public borrowing func withResult<Answer, Failure: Error>(
    _ body: (Span<Float>) throws(Failure) -> Answer
  ) throws(Failure) -> Answer {
    let start = unsafe UnsafeRawPointer(arena.base + resultOffset).assumingMemoryBound(to: Float.self)
    return try unsafe body(
      Span(_unsafeStart: start, count: answersTokens ? resultWidth * currentLength : resultWidth))
  }

  /// A copy of the last run's answer.
  public var result: [Float] {
    withResult { span in span.indices.map { span[$0] } }
  }

  /// Lends the last run's traces, one an op; nil when tracing is off.
  public borrowing func withTraces<Answer, Failure: Error>(
    _ body: (Span<OpTrace>) throws(Failure) -> Answer
  ) throws(Failure) -> Answer? {
    guard let traces = unsafe program.traces else { return nil }
    return try unsafe body(Span(_unsafeStart: UnsafePointer(traces), count: program.opCount))
  }

  /// A copy of the last run's traces, one an op; empty when tracing is off.
  public var traces: [OpTrace] {
    withTraces { span in span.indices.map { span[$0] } } ?? []
  }

  /// Rows that left `layer` in the last run.
  func tokens(after layer: Int) -> Int { unsafe Int(program.tokens[layer]) }

  /// First byte of the arena, for reading slots after a run.
  var arenaBase: UnsafeRawPointer { unsafe UnsafeRawPointer(arena.base) }
}

extension Session: @unchecked Sendable {}
