import TaperPlanFormat
import Testing

/// The table of ops is complete and consistent.
@Suite struct OpDefinitionTests {
  @Test(arguments: OpKind.allCases)
  func aDefinitionIsOfItsKind(_ kind: OpKind) {
    let definition = kind.definition
    #expect(definition.kind == kind)
    #expect(OpKind.allCases.filter { $0.name == kind.name } == [kind], "two kinds named \(kind.name)")
    #expect(!definition.title.isEmpty && !definition.traffic.isEmpty)
    #expect(definition.measuredAs.definition.measuredAs == definition.measuredAs)
    let roles = definition.operands.map(\.role)
    #expect(Set(roles).count == roles.count, "a role twice")
    #expect(!roles.contains(.scratch), "the kernels say how much scratch an op has")
    #expect(definition.operand(.output)?.isRequired == true)
    for operand in definition.operands {
      if let needed = operand.needs { #expect(roles.contains(needed), "\(operand.role) needs \(needed)") }
      if case .tensor = operand.content {
        #expect(operand.role.rawValue >= OperandRole.weight.rawValue)
      } else {
        #expect(operand.role.rawValue < OperandRole.weight.rawValue)
      }
    }
    // What is read through an index needs one, and the reverse.
    let reads = definition.operands.map(\.content).contains {
      switch $0 {
      case .rows(.indexed, _, _), .rows(.dropped, _, _), .pairs(.indexed), .probabilities, .renumbered,
        .positions(.dropped):
        true
      default: false
      }
    }
    #expect(definition.operand(.index) == nil || reads)
  }

  @Test func everyHaltingRuleHasAnOp() {
    for rule in HaltingRule.allCases { #expect(rule.opKind.haltingRule == rule) }
    #expect(OpKind.allCases.count { $0.haltingRule != nil } == HaltingRule.allCases.count)
  }

  /// Where an op reads and writes each row of its operands once, its traffic is the sum of their sizes.
  @Test(arguments: [
    OpKind.add, .gate, .gather, .l2Normalize, .softmax, .sigmoid, .attention, .attentionScored,
    .attentionScores,
    .mean,
  ])
  func trafficCountsEveryOperandOnce(_ kind: OpKind) {
    let definition = kind.definition
    let square = definition.rowRule == .square
    let sizes = SizeValues(
      rows: square ? 11 : 5, innerRows: 11, columns: 7, depth: 3, heads: 2)
    let expected = definition.operands.reduce(0) { sum, operand in
      switch operand.content {
      case .rows(let span, let width, _):
        let rows = [.rows, .indexed].contains(span) ? sizes.rows : span == .one ? 1 : sizes.innerRows
        return sum + rows * (width == .heads ? sizes.heads * sizes.depth : sizes.columns)
      case .scores: return sum + sizes.heads * sizes.innerRows
      case .probabilities: return sum + sizes.heads * sizes.innerRows * sizes.innerRows
      default: return sum
      }
    }
    let traffic = definition.traffic.reduce(UInt64(0)) {
      $0 + $1.bytes(at: sizes, layout: .rowMajor, encoded: .bf16)
    }
    #expect(traffic == UInt64(4 * expected))
  }

  @Test func sizesSaturate() {
    let huge = SizeValues(rows: .max, innerRows: .max, columns: .max, depth: .max, heads: 1)
    for kind in OpKind.allCases {
      #expect(kind.definition.work.value(at: huge) <= UInt64.max >> 8)
    }
    #expect(OpKind.gemm.definition.work.value(at: huge) == UInt64.max >> 8)
  }

  /// Embeddings, pooling and head never drop rows, whatever the counts.
  @Test func onlyLayersReduce() {
    let counts = [9, 9, 4, 4]
    let reduced = (0...4).filter { layer in
      Schedule.isReduced(layer: layer, layerCount: 3) { counts[$0] }
    }
    #expect(reduced == [2])
    #expect(OpGuard.always.holds(isReduced: true) && OpGuard.always.holds(isReduced: false))
    #expect(OpGuard.ifReduced.holds(isReduced: true) && !OpGuard.ifReduced.holds(isReduced: false))
    #expect(!OpGuard.ifNotReduced.holds(isReduced: true) && OpGuard.ifNotReduced.holds(isReduced: false))
  }

  @Test func everyCaseHasAName() {
    func check<Value: NamedByNumber & CaseIterable>(_ type: Value.Type) {
      #expect(Value.names.count == Value.allCases.count, "\(Value.self)")
      #expect(Set(Value.names).count == Value.names.count, "\(Value.self)")
      #expect(Value.allCases.map { Int($0.rawValue) } == Array(Value.names.indices), "\(Value.self)")
    }
    check(ElementType.self)
    check(WeightLayout.self)
    check(HeadKind.self)
    check(Pooling.self)
    check(OpGuard.self)
    check(Activation.self)
    check(OperandRole.self)
    check(Bound.self)
    check(Provenance.self)
    check(AccuracyEvidence.Metric.self)
    check(AccuracyEvidence.Source.self)
  }
}
