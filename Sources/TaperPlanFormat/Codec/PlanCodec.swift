import TaperBase

/// A plan as bytes. specs/plan-format.md is normative. Each section's codec has its own file.
///
/// Canonical: equal plans (strings compared byte by byte) encode to equal bytes, and what `PlanReader` accepts encodes
/// to the bytes it was read from, unless a newer writer put in sections or header fields this version does not know.
public enum PlanCodec {
  /// The whole file in memory.
  ///
  /// `weights`: the embedded weights section, exactly when `plan.weights.isEmbedded`; its size and digest must be those
  /// of the weights index. Does not validate the plan otherwise.
  public static func encode(_ plan: Plan, weights: UnsafeRawBufferPointer? = nil) throws(PlanFormatError)
    -> [UInt8]
  {
    let found = unsafe UInt64(weights?.count ?? 0)
    let expected = plan.weights.isEmbedded ? plan.weights.byteCount.rawValue : 0
    guard found == expected else { throw .weightsSize(expected: expected, found: found) }
    guard plan.weights.isEmbedded else { return prefix(of: plan) }
    let content = unsafe weights ?? UnsafeRawBufferPointer(start: nil, count: 0)
    let digest = unsafe SHA256.digest(of: content)
    guard digest == plan.weights.digest else {
      throw .weightsDigest(expected: plan.weights.digest, found: digest)
    }
    var bytes = prefix(of: plan)
    unsafe bytes.append(contentsOf: content)
    return bytes
  }

  /// The file up to the first byte of its weights section; the whole file when the weights are not embedded.
  static func prefix(of plan: Plan) -> [UInt8] {
    var builder = ContainerBuilder(kind: .plan, version: plan.formatVersion)
    builder.add(.identity) { write(plan.identity, to: &$0) }
    builder.add(.model) { write(plan.model, to: &$0) }
    builder.add(.ops) { write(plan.ops, to: &$0) }
    builder.add(.selections) { write(plan.selections, to: &$0) }
    builder.add(.schedule) { write(plan.schedule, to: &$0) }
    builder.add(.arena) { write(plan.arena, resultSlot: plan.resultSlot, to: &$0) }
    builder.add(.predictions) { write(plan.predictions, to: &$0) }
    builder.add(.tokenizer) { $0.write(raw: plan.tokenizer) }
    builder.add(.head) { write(plan.head, to: &$0) }
    builder.add(.canaries) { write(plan.canaries, to: &$0) }
    builder.add(.weightsIndex) { write(plan.weights, to: &$0) }
    if !plan.identity.tier.isEmpty { builder.add(.tier) { $0.write(plan.identity.tier) } }
    if let expectations = plan.expectations { builder.add(.expectations) { write(expectations, to: &$0) } }
    if let halting = plan.halting { builder.add(.halting) { write(halting, to: &$0) } }
    if let evidence = plan.evidence { builder.add(.evidence) { write(evidence, to: &$0) } }
    if !plan.prompts.isEmpty { builder.add(.prompts) { write(plan.prompts, to: &$0) } }
    if let interaction = plan.interaction { builder.add(.interaction) { write(interaction, to: &$0) } }
    if plan.leavesPromptOut { builder.add(.promptLeftOut) { $0.write(true) } }
    let weights = plan.weights
    return builder.prefix(weights: weights.isEmbedded ? (weights.byteCount.rawValue, weights.digest) : nil)
  }
}
