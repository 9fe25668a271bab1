import TaperBase

/// Reads a plan from untrusted bytes.
public enum PlanReader {
  /// The plan, parsed and validated, and where its embedded weights are; nil when they are in a weights file next to
  /// it.
  ///
  /// Verifies the digest of every section but the weights', so that no page of the weights is touched; see
  /// `verifyWeights`. `bytes` is the whole file; the range starts at a multiple of 4096.
  public static func read(
    _ bytes: UnsafeRawBufferPointer
  ) throws(PlanFormatError) -> (plan: Plan, weights: Range<Int>?) {
    let found = unsafe try parse(bytes)
    try PlanValidator.validate(found.plan)
    return found
  }

  /// As `read`, from an array.
  public static func read(_ bytes: [UInt8]) throws(PlanFormatError) -> (plan: Plan, weights: Range<Int>?) {
    let result = unsafe bytes.withUnsafeBytes {
      buffer -> Result<(plan: Plan, weights: Range<Int>?), PlanFormatError> in
      do throws(PlanFormatError) {
        return .success(unsafe try read(buffer))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  /// Whether the bytes at `weights` have the digest that is in the plan's index. Reads all of them.
  public static func verifyWeights(
    _ bytes: UnsafeRawBufferPointer, index: WeightsIndex
  ) throws(PlanFormatError) {
    guard UInt64(bytes.count) == index.byteCount.rawValue else {
      throw .weightsSize(expected: index.byteCount.rawValue, found: UInt64(bytes.count))
    }
    let digest = unsafe SHA256.digest(of: bytes)
    guard digest == index.digest else { throw .weightsDigest(expected: index.digest, found: digest) }
  }

  /// Parses without validating.
  static func parse(_ bytes: UnsafeRawBufferPointer) throws(PlanFormatError) -> (
    plan: Plan, weights: Range<Int>?
  ) {
    let container = unsafe try Container.read(bytes, expecting: .plan)
    func decode<T>(
      _ kind: SectionKind, _ body: (inout SectionReader) throws(PlanFormatError) -> T
    ) throws(PlanFormatError) -> T {
      var reader = unsafe SectionReader(try container.section(kind).content(of: bytes), kind)
      let value = unsafe try body(&reader)
      unsafe try reader.finish()
      return value
    }
    var identity = unsafe try decode(.identity, PlanCodec.readIdentity)
    let model = unsafe try decode(.model, PlanCodec.readModel)
    let ops = unsafe try decode(.ops, PlanCodec.readOps)
    let selections = unsafe try decode(.selections, PlanCodec.readSelections)
    let schedule = unsafe try decode(.schedule, PlanCodec.readSchedule)
    let (arena, resultSlot) = unsafe try decode(.arena, PlanCodec.readArena)
    let predictions = unsafe try decode(.predictions, PlanCodec.readPredictions)
    let tokenizer = unsafe try [UInt8](container.section(.tokenizer).content(of: bytes))
    let head = unsafe try decode(.head, PlanCodec.readHead)
    let canaries = unsafe try decode(.canaries, PlanCodec.readCanaries)
    let weights = unsafe try decode(.weightsIndex, PlanCodec.readWeightsIndex)
    if container.sections.contains(where: { $0.kind == .tier }) {
      // The writer leaves out an empty section: the plan then fits format 1.0, which is demanded below.
      identity.tier = unsafe try decode(.tier) { (reader) throws(PlanFormatError) in
        unsafe try reader.readString()
      }
      guard !identity.tier.isEmpty else {
        throw .malformed(section: .tier, value: .count, offset: 0, found: 0)
      }
    }
    let hasExpectations = container.sections.contains { $0.kind == .expectations }
    let expectations = unsafe hasExpectations ? try decode(.expectations, PlanCodec.readExpectations) : nil
    let hasHalting = container.sections.contains { $0.kind == .halting }
    let halting = unsafe hasHalting ? try decode(.halting, PlanCodec.readHalting) : nil
    let hasEvidence = container.sections.contains { $0.kind == .evidence }
    let evidence = unsafe hasEvidence ? try decode(.evidence, PlanCodec.readEvidence) : nil
    let hasPrompts = container.sections.contains { $0.kind == .prompts }
    let prompts = unsafe hasPrompts ? try decode(.prompts, PlanCodec.readPrompts) : Prompts()
    let hasInteraction = container.sections.contains { $0.kind == .interaction }
    let interaction = unsafe hasInteraction ? try decode(.interaction, PlanCodec.readInteraction) : nil
    let leavesPromptOut = container.sections.contains { $0.kind == .promptLeftOut }
    if leavesPromptOut {
      // The writer leaves out a section that would say no.
      let holds = unsafe try decode(.promptLeftOut) { (reader) throws(PlanFormatError) in
        unsafe try reader.readBool()
      }
      guard holds else { throw .malformed(section: .promptLeftOut, value: .boolean, offset: 0, found: 0) }
    }
    let plan = Plan(
      identity: identity, model: model, schedule: schedule, ops: ops, selections: selections, arena: arena,
      resultSlot: resultSlot, predictions: predictions, expectations: expectations,
      halting: halting, tokenizer: tokenizer, head: head, prompts: prompts, leavesPromptOut: leavesPromptOut,
      interaction: interaction,
      canaries: canaries,
      evidence: evidence,
      weights: weights)
    try container.requireVersion(plan.formatVersion)
    return (plan, try weightsRange(container, index: weights))
  }

  /// The weights section. It must exist exactly when the index says so, with the index's size and digest.
  static func weightsRange(
    _ container: Container, index: WeightsIndex
  ) throws(PlanFormatError) -> Range<Int>? {
    let last = container.sections.last
    guard index.isEmbedded else {
      guard last?.kind != .weights else { throw .weightsSize(expected: 0, found: last?.size ?? 0) }
      return nil
    }
    let section = try container.section(.weights)
    guard section.size == index.byteCount.rawValue else {
      throw .weightsSize(expected: index.byteCount.rawValue, found: section.size)
    }
    guard section.digest == index.digest else {
      throw .weightsDigest(expected: index.digest, found: section.digest)
    }
    return section.range
  }
}
