extension PlanText {
  static func renderOps(_ plan: Plan, _ text: inout String) {
    text += "\nops\n"
    var selection = 0
    for (number, op) in plan.ops.enumerated() {
      text += "  \(number) layer \(op.layer) \(op.kind.name)"
      if op.condition != .always { text += " \(op.condition.name)" }
      text += " \(op.rows.name)"
      if op.innerRows != .one { text += "×\(op.innerRows.name)" }
      if op.columns > 0 { text += " columns \(op.columns)" }
      if op.depth > 0 { text += " depth \(op.depth)" }
      if op.heads > 0 { text += " heads \(op.heads)" }
      if op.parts != 1 { text += " parts \(op.parts)" }
      if op.activation != .none { text += " \(op.activation.name)" }
      if op.extent > 0 { text += " extent \(op.extent)" }
      if op.epsilon != 0 { text += " epsilon \(op.epsilon)" }
      if op.scale != 1 { text += " scale \(op.scale)" }
      for role in OperandRole.slotRoles where !op.operand(role).isNone {
        text += " \(role.name)=\(view(op.operand(role), plan))"
      }
      if op.scratchStride > 0 { text += " stride \(op.scratchStride)" }
      for role in OperandRole.weightRoles where !op.weight(role).isNone {
        text += " \(role.name)=w\(op.weight(role).rawValue)"
      }
      if op.fusionGroup != 0xFFFF { text += " group \(op.fusionGroup)" }
      text += " :"
      while selection < plan.selections.count,
        plan.selections[selection].op == UInt16(truncatingIfNeeded: number)
      {
        let chosen = plan.selections[selection]
        text += " \(chosen.kernel.name ?? "kernel \(chosen.kernel.rawValue)") ≤\(chosen.maximumRows)"
        selection += 1
      }
      text += "\n"
    }
  }

  /// "name+offset/leading": the slot's name, and the parts that are not zero.
  private static func view(_ operand: Operand, _ plan: Plan) -> String {
    let slot = Int(operand.slot)
    var text = slot < plan.arena.slots.count ? escaped(plan.arena.slots[slot].name) : "slot \(slot)"
    if operand.offset > 0 { text += "+\(operand.offset)" }
    if operand.leading > 0 { text += "/\(operand.leading)" }
    return text
  }

  static func renderArena(_ plan: Plan, _ text: inout String) {
    text += "\narena\n"
    line("bytes", "\(plan.arena.byteCount.rawValue)", &text)
    line("result", "s\(plan.resultSlot)", &text)
    for (number, slot) in plan.arena.slots.enumerated() {
      text += "  s\(number) \(escaped(slot.name)) \(slot.element.name)["
      if slot.copies != 1 { text += "\(slot.copies) copies×" }
      text += slot.rows.name
      if slot.innerRows != .one { text += "×\(slot.innerRows.name)" }
      text +=
        "×\(slot.columns)] at \(slot.offset.rawValue), \(slot.byteCount.rawValue) bytes, ops \(slot.firstOp)"
      text += slot.lastOp == .max ? "…end\n" : "…\(slot.lastOp)\n"
    }
  }
}
