import TaperPlanFormat
import TaperPlanRuntime
import TestSupport
import Testing

/// What a session and a loaded plan refuse, and with which facts.
@Suite struct RefusalTests {
  static func toy() -> ToyPlan { ToyPlan(keep: { ($0 + 1) / 2 }) }

  func expect(
    _ expected: RuntimeError, from session: inout Session, ids: [UInt32], typeIDs: [UInt32] = [],
    at location: SourceLocation = #_sourceLocation
  ) {
    do throws(RuntimeError) {
      try session.run(ids: ids, typeIDs: typeIDs)
      Issue.record("not refused", sourceLocation: location)
    } catch {
      #expect(error == expected, sourceLocation: location)
    }
  }

  @Test func inputsOutOfRange() throws {
    let toy = Self.toy()
    var session = try Session(LoadedPlan(plan: toy.plan, weightBytes: toy.weightBytes))
    try session.run(ids: [3, 4, 5], typeIDs: [0, 1, 1])
    let before = session.result
    expect(RuntimeError.emptyInput, from: &session, ids: [])
    expect(
      RuntimeError.inputTooLong(tokens: 41, maximum: 40), from: &session,
      ids: [UInt32](repeating: 1, count: 41))
    expect(RuntimeError.tokenOutOfRange(position: 1, id: 40, vocabulary: 40), from: &session, ids: [1, 40])
    expect(
      RuntimeError.tokenTypeOutOfRange(position: 1, typeID: 2, tokenTypes: 2), from: &session, ids: [1, 2],
      typeIDs: [0, 2])
    expect(RuntimeError.tokenTypeCount(expected: 2, found: 1), from: &session, ids: [1, 2], typeIDs: [0])
    let after = (session.result, session.currentLength)
    #expect(after.0 == before && after.1 == 3, "the last result stands")
  }

  /// As the reference does, whatever the tokenizer gives.
  @Test func aFamilyWithoutTokenTypesReadsNone() throws {
    var toy = Self.toy()
    toy.plan.model.tokenTypes = 0
    toy.plan.ops[0].table2 = .none
    var session = try Session(LoadedPlan(plan: toy.plan, weightBytes: toy.weightBytes))
    try session.run(ids: [1, 2], typeIDs: [0, 0])
    let zeros = session.result
    try session.run(ids: [1, 2], typeIDs: [0, 1])
    let others = session.result
    #expect(others == zeros)
    expect(RuntimeError.tokenTypeCount(expected: 2, found: 1), from: &session, ids: [1, 2], typeIDs: [0])
  }

  @Test(arguments: [0, 5, -1]) func threadsOutOfRange(threads: Int) throws {
    let toy = Self.toy()
    let loaded = try LoadedPlan(plan: toy.plan, weightBytes: toy.weightBytes)
    let error = #expect(throws: RuntimeError.self) { _ = try Session(loaded, threads: threads) }
    #expect(error == .threadsOutOfRange(asked: threads, maximum: 4))
    #expect(error?.exitCode == 64)
  }

  @Test func defaultThreadsFitPlanAndMachine() throws {
    let toy = ToyPlan(threads: 1, keep: { $0 })
    let loaded = try LoadedPlan(plan: toy.plan, weightBytes: toy.weightBytes)
    #expect(loaded.defaultThreads == 1)
    let session = try Session(loaded)
    let threads = session.threads
    #expect(threads == 1)
  }

  @Test func weightsOfAnotherSize() {
    let toy = Self.toy()
    let error = #expect(throws: RuntimeError.self) {
      try LoadedPlan(plan: toy.plan, weightBytes: Array(toy.weightBytes.dropLast()))
    }
    let size = UInt64(toy.weightBytes.count)
    #expect(error == .weightsSizeMismatch(path: nil, expected: Bytes(size), found: Bytes(size - 1)))
    #expect(error?.exitCode == 65)
  }

  @Test func invalidPlan() {
    var toy = Self.toy()
    toy.plan.ops[0].output.slot = 999
    let error = #expect(throws: RuntimeError.self) {
      try LoadedPlan(plan: toy.plan, weightBytes: toy.weightBytes)
    }
    guard case .badPlan(nil, _) = error else {
      Issue.record("found \(String(describing: error))")
      return
    }
    #expect(error?.exitCode == 65)
  }

  @Test func unknownKernel() {
    var toy = Self.toy()
    toy.plan.selections[2].kernel = KernelID(rawValue: 999)
    let error = #expect(throws: RuntimeError.self) {
      try LoadedPlan(plan: toy.plan, weightBytes: toy.weightBytes)
    }
    #expect(error == .unknownKernel(selection: 2, kernel: KernelID(rawValue: 999)))
    #expect(error?.exitCode == 4)
  }

  @Test func kernelOfAnotherKind() {
    var toy = Self.toy()
    toy.plan.selections[2].kernel = .addF32
    let error = #expect(throws: RuntimeError.self) {
      try LoadedPlan(plan: toy.plan, weightBytes: toy.weightBytes)
    }
    guard case .badPlan(nil, .violated(let violation)) = error else {
      Issue.record("found \(String(describing: error))")
      return
    }
    #expect(violation.rule == .kernelFitsOp && error?.exitCode == 65)
  }

  @Test func arenaThatNoMachineHas() throws {
    var toy = Self.toy()
    toy.plan.arena.byteCount = Bytes(1 << 48)
    let loaded = try LoadedPlan(plan: toy.plan, weightBytes: toy.weightBytes)
    let error = #expect(throws: RuntimeError.self) { _ = try Session(loaded) }
    guard case .arenaTooLarge(Bytes(1 << 48), _) = error else {
      Issue.record("found \(String(describing: error))")
      return
    }
    #expect(error?.exitCode == 4)
  }
}
