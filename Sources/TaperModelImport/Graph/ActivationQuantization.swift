/// Leaves out the quantisation of activations: a value that is quantised and at once dequantised by the same scale is
/// itself, but for rounding. That of constants stays: their codes are what the file holds.
enum ActivationQuantization {
  /// - Parameter nodes: in order.
  static func removed(from nodes: [ModelGraph.Node], _ builder: GraphBuilder) -> [ModelGraph.Node] {
    var nodes = nodes
    var constants = Set(builder.constants.keys).union(builder.literals.keys)
    var quantized: [Int: ModelGraph.Node] = [:]
    for place in nodes.indices {
      let node = nodes[place]
      if node.inputs.allSatisfy({ $0.map(constants.contains) ?? true }) {
        constants.formUnion(node.outputs)
        continue
      }
      switch node.operation {
      case .quantize: quantized[node.outputs[0]] = node
      case .dequantize:
        guard let codes = node.inputs.first ?? nil, let source = quantized[codes],
          areEqual(source.inputs.dropFirst(), node.inputs.dropFirst(), builder)
        else { continue }
        nodes[place].operation = .identity
        nodes[place].inputs = [source.inputs[0]]
      case .fakeQuantize:
        guard node.inputs.count == 5, areEqual(node.inputs[1...2], node.inputs[3...4], builder) else {
          continue
        }
        nodes[place].operation = .identity
        nodes[place].inputs = [node.inputs[0]]
      default: break
      }
    }
    // What only made codes is not needed any more.
    var needed = Set(builder.outputs.map(\.value))
    var kept: [ModelGraph.Node] = []
    for node in nodes.reversed() where node.outputs.contains(where: needed.contains) {
      needed.formUnion(node.inputs.compactMap(\.self))
      kept.append(node)
    }
    return kept.reversed()
  }

  /// Whether two lists are of the same constants; one that is missing is zero.
  private static func areEqual(_ a: ArraySlice<Int?>, _ b: ArraySlice<Int?>, _ builder: GraphBuilder) -> Bool
  {
    let (a, b) = (Array(a), Array(b))
    return (0..<max(a.count, b.count)).allSatisfy { place in
      let one = place < a.count ? a[place] : nil
      let other = place < b.count ? b[place] : nil
      if one == other { return true }
      guard let x = builder.small(one) ?? (one == nil ? .scalar(0) : nil),
        let y = builder.small(other) ?? (other == nil ? .scalar(0) : nil)
      else { return false }
      return x.floats == y.floats
    }
  }
}
