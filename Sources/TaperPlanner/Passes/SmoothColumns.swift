import TaperModelSpec
import TaperPlanFormat

/// Smooths norms' outputs that int8 products read (`Smoothing`): encode ops get the multipliers, and the products'
/// weights are packed with their inverses. Only where every reader of the weights is fed by the same norm, since a
/// weight is in the plan once, and however products are stacked: layers may share tensors.
enum SmoothColumns {
  static func run(_ graph: PlanGraph) -> PlanGraph {
    var walk = Walk(graph)
    for number in graph.ops.indices { walk.visit(number) }
    let spoiled = Set(walk.spoiled.flatMap { roles($0, graph) })
    var graph = graph
    for norm in walk.norms {
      guard let group = walk.groups[norm], !group.weights.isEmpty,
        spoiled.isDisjoint(with: group.weights.flatMap { roles($0, graph) }),
        let smoothing = smoothing(norm, group.weights, graph)
      else { continue }
      for weight in group.weights { graph.weights[weight].smoothing = smoothing }
      graph.weights.append(
        WeightRecipe(
          name: graph.weights[norm.gamma].name.dropLast("gamma".count) + "multipliers",
          shape: graph.weights[norm.gamma].shape, source: .multipliers(smoothing)))
      for encode in group.encodes {
        graph.ops[encode].gamma = WeightReference(rawValue: UInt16(graph.weights.count - 1))
      }
    }
    return graph
  }

  private static func smoothing(_ norm: Norm, _ weights: [Int], _ graph: PlanGraph) -> Smoothing? {
    guard let gamma = roles(norm.gamma, graph).first else { return nil }
    return Smoothing(
      gamma: gamma, beta: roles(norm.beta, graph).first, weights: weights.flatMap { roles($0, graph) })
  }

  /// The model's tensors that a weight consists of.
  private static func roles(_ weight: Int, _ graph: PlanGraph) -> [TensorRole] {
    if case .tensors(let roles) = graph.weights[weight].source { roles } else { [] }
  }

  /// A norm, identified by its parameters.
  private struct Norm: Hashable {
    var gamma: Int
    var beta: Int
  }

  private struct Group {
    var encodes: [Int] = []
    /// Each once, in order of their first reader.
    var weights: [Int] = []
  }

  private struct Walk {
    let graph: PlanGraph
    /// In order of their first encoding.
    var norms: [Norm] = []
    var groups: [Norm: Group] = [:]
    /// int8 weights with a reader that no norm, or another norm, feeds.
    var spoiled: Set<Int> = []
    private var source: [UInt16: Norm] = [:]
    private var owner: [Int: Norm] = [:]

    init(_ graph: PlanGraph) { self.graph = graph }

    mutating func visit(_ number: Int) {
      let op = graph.ops[number]
      let input = source[op.a.slot]
      if op.kind == .gemm, graph.weights[Int(op.weight.rawValue)].layout.activation == .i8 {
        let weight = Int(op.weight.rawValue)
        if let input, owner[weight] ?? input == input {
          if owner.updateValue(input, forKey: weight) == nil { groups[input]?.weights.append(weight) }
        } else {
          spoiled.insert(weight)
        }
      }
      for written in op.writtenOperands { source[written.slot] = nil }
      if op.kind == .layerNorm || op.kind == .embed, !op.gamma.isNone {
        source[op.output.slot] = Norm(gamma: Int(op.gamma.rawValue), beta: Int(op.beta.rawValue))
      } else if op.kind == .encode, op.encodedElement == .i8, let input {
        source[op.output.slot] = input
        if groups[input] == nil { norms.append(input) }
        groups[input, default: Group()].encodes.append(number)
      }
    }
  }
}
