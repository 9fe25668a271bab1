import TaperPlanFormat

/// Decides the precision of every product, the family of kernels that computes it, and so the layout of its weight.
///
/// A weight has one layout, so a product has one family for every row count. In f32 the candidates are BLAS on
/// row-major weights, packed panels, and panels of three bf16 planes (whose products are no less exact); in int8 panels
/// of codes, and of codes whose pairs are bounded; where the profile measured them. The family with the least predicted
/// time summed over every row count from 1 to the plan's longest input wins, the first of `Precision.layouts` on a tie
/// (ours). It is the sum, not the time at the longest input, because a plan with a schedule meets every row count below
/// it. It counts every row count once, whatever the schedule, so that plans of one model share their weights file, and
/// the schedule search prices the op list that is planned. With the pass kernel-selection off, products have the first
/// layout that a kernel exists for.
///
/// A product of low precision reads encoded rows. An encode op before it takes over its index and serves every product
/// of the same rows in the same precision.
package struct ProductFamilies {
  let pricer: OpPricer
  let precision: PrecisionAssignment
  let layers: Range<Int>
  let maximumLength: Int
  let threads: Int
  /// Whether pass kernel-selection is on.
  let selects: Bool

  package func run(_ graph: PlanGraph) -> PlanGraph {
    var result = graph
    result.ops = []
    var encodings: [Encoding] = []
    let layouts = layouts(of: graph)
    for op in graph.ops {
      var op = op
      if op.kind == .gemm {
        let weight = Int(op.weight.rawValue)
        let layout = layouts[weight] ?? .rowMajor
        result.weights[weight].layout = layout
        if layout != .rowMajor {
          op.parts = UInt16(GemmPartition.packedParts(columns: Int(op.columns), threads: threads))
        }
        if layout.activation != .f32 { encodeInput(of: &op, layout.activation, &encodings, &result) }
      }
      encodings.removeAll { encoding in op.writtenOperands.contains { $0.slot == encoding.source.slot } }
      result.ops.append(op)
    }
    return result
  }

  /// Encoded rows whose source has not been written since.
  private struct Encoding {
    var source: Operand
    var index: Operand
    var rows: RowCount
    var element: ElementType
    var codes: Operand
    var scales: Operand

    func serves(_ op: PlanOp, _ element: ElementType) -> Bool {
      // An encoding of all rows starts with the first.
      let hasRows = rows == op.rows && index == op.index || op.rows == .one && index.isNone && op.index.isNone
      return source == op.a && self.element == element && hasRows
    }
  }

  private func encodeInput(
    of op: inout PlanOp, _ element: ElementType, _ encodings: inout [Encoding], _ graph: inout PlanGraph
  ) {
    if !encodings.contains(where: { $0.serves(op, element) }) {
      encodings.append(encoding(of: op, element, &graph))
    }
    guard let encoding = encodings.first(where: { $0.serves(op, element) }) else { return }
    op.a = encoding.codes
    op.b = encoding.scales
    op.index = .none
  }

  private func encoding(of op: PlanOp, _ element: ElementType, _ graph: inout PlanGraph) -> Encoding {
    let name = graph.slot(op.a).name
    let width = (Int(op.depth) + element.group - 1) / element.group * element.group
    func makeSlot(_ suffix: String, _ element: ElementType, columns: Int) -> Operand {
      graph.slots.append(
        GraphSlot(
          name: name + suffix, element: element, copies: 1, rows: op.rows, innerRows: .one, columns: columns,
          outlivesRun: false))
      return Operand(slot: UInt16(graph.slots.count - 1), offset: 0, leading: UInt32(columns))
    }
    var encode = PlanOp.encode(as: element, layer: Int(op.layer), rows: op.rows, columns: Int(op.depth))
    encode.fusionGroup = op.fusionGroup
    encode.a = op.a
    encode.index = op.index
    encode.output = makeSlot(".\(element.name)", element, columns: width)
    if element == .i8 { encode.output2 = makeSlot(".scales", .f32, columns: 2) }
    graph.ops.append(encode)
    return Encoding(
      source: op.a, index: op.index, rows: op.rows, element: element, codes: encode.output,
      scales: encode.output2)
  }

  /// The layout of each product's weight. Layers may share a weight; all its products count.
  private func layouts(of graph: PlanGraph) -> [Int: WeightLayout] {
    Dictionary(grouping: graph.ops.filter { $0.kind == .gemm }) { Int($0.weight.rawValue) }.reduce(into: [:])
    {
      $0[$1.key] = layout(of: $1.value, named: graph.weights[$1.key].name)
    }
  }

  private func layout(of ops: [PlanOp], named name: String) -> WeightLayout {
    // Selectors and halting decide what is computed at all. Their products, like a lens's, are small and stay f32.
    let decides = name.contains(".selector.") || name.hasPrefix("halting.")
    let isLens = name.hasPrefix("lens.")
    let isEncoders = ops.allSatisfy { layers.contains(Int($0.layer)) } && !decides && !isLens
    // The product by the vocabulary is as large as several layers.
    let isReduced = isEncoders || name.hasPrefix("lm.")
    let layouts = (isReduced ? precision.precision(of: name) : .f32).layouts
    let measured = layouts.filter { layout in
      ops.allSatisfy { pricer.firstWithoutKernel(pricedOps($0, layout)) == nil }
    }
    guard selects else { return measured.first ?? layouts[0] }
    return measured.min { time(ops, $0) < time(ops, $1) } ?? layouts[0]
  }

  /// The product with its weight in that layout, and the encode op that it then needs.
  private func pricedOps(_ op: PlanOp, _ layout: WeightLayout) -> [PricedOp] {
    let product = PricedOp(op, layout: layout)
    guard layout.activation != .f32 else { return [product] }
    return [
      product,
      PricedOp(
        .encode(as: layout.activation, layer: Int(op.layer), rows: op.rows, columns: Int(op.depth))),
    ]
  }

  private func time(_ ops: [PlanOp], _ layout: WeightLayout) -> UInt64 {
    pricer.total(ops.flatMap { pricedOps($0, layout) }, maximumLength: maximumLength)
  }
}
