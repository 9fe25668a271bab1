import TaperBase

/// Translates an OpenVINO IR into a `ModelGraph`, operation by operation, as opsets 1 to 15 define them. What an
/// encoder does not consist of is refused by name.
struct IRTranslation {
  let model: IRModel
  private var builder: GraphBuilder
  private var values: [IRModel.Port: Int] = [:]

  static func graph(path: String) throws(ImportError) -> ModelGraph {
    let model = try IRModel(path: path)
    var translation = IRTranslation(model: model, builder: GraphBuilder(path: path))
    let file = try model.openConstants()
    var inputs: [(name: String, value: Int, shape: [Int?])] = []
    let places = Dictionary(model.layers.enumerated().map { ($1.id, $0) }) { first, _ in first }
    guard places.count == model.layers.count else {
      throw .malformedIR(path: path, what: "two layers of one id")
    }
    for layer in model.layers {
      switch layer.type {
      case "Parameter":
        let shape = (layer.data["shape"] ?? "").split(separator: ",").map { part -> Int? in
          Int(part.filter { $0 != " " }).flatMap { $0 > 0 ? $0 : nil }
        }
        let names = layer.tensorNames + [layer.name]
        let name = names.first { GraphInputs.input($0) != nil } ?? layer.name
        inputs.append((name, try translation.output(layer, 0), shape))
      case "Const":
        translation.builder.set(
          try translation.output(layer, 0), to: try IRModel.constant(layer, in: file, path: path))
      case "Result":
        guard let value = try translation.inputs(layer).first ?? nil else {
          throw .malformedIR(path: path, what: "a result without an edge")
        }
        let source = layer.inputPorts.first.flatMap { model.edges[.init(layer: layer.id, port: $0)] }
        let maker = source.flatMap { places[$0.layer] }.map { model.layers[$0] }
        let names = maker?.outputPorts.count == 1 ? maker?.tensorNames ?? [] : []
        let name = names.first(where: Self.outputNames.contains) ?? names.first ?? layer.name
        translation.builder.outputs.append((name, value))
      default: try translation.translate(layer)
      }
    }
    let length = try GraphInputs.declare(inputs, in: &translation.builder)
    return try ModelGraph(translation.builder, fixedLength: length)
  }

  private mutating func value(_ port: IRModel.Port) -> Int {
    if let value = values[port] { return value }
    let value = builder.value("\(port.layer):\(port.port)")
    values[port] = value
    return value
  }

  private mutating func output(_ layer: IRModel.Layer, _ place: Int) throws(ImportError) -> Int {
    guard place < layer.outputPorts.count else { throw bad(layer, "output \(place + 1) is missing") }
    return value(IRModel.Port(layer: layer.id, port: layer.outputPorts[place]))
  }

  /// What leads into each input port; nil where nothing does.
  private mutating func inputs(_ layer: IRModel.Layer) throws(ImportError) -> [Int?] {
    layer.inputPorts.map { port in model.edges[IRModel.Port(layer: layer.id, port: port)].map { value($0) } }
  }

  private func bad(_ layer: IRModel.Layer, _ found: String) -> ImportError {
    .badNode(path: model.path, kind: layer.type, name: layer.name, found: found)
  }

  private func unknown(_ layer: IRModel.Layer) -> ImportError {
    .unknownNode(path: model.path, kind: layer.type, output: layer.name)
  }

  private mutating func translate(_ layer: IRModel.Layer) throws(ImportError) {
    let inputs = try inputs(layer)
    var outputs: [Int] = []
    for place in layer.outputPorts.indices { outputs.append(try output(layer, place)) }
    let origin = GraphBuilder.Origin(kind: layer.type, name: layer.name)
    switch layer.type {
    case "ScaledDotProductAttention":
      guard inputs.count >= 3, let query = inputs[0], let key = inputs[1], let value = inputs[2],
        outputs.count == 1,
        !layer.flag("causal"), inputs.count <= 5
      else { throw unknown(layer) }
      try attention(layer, query, key, value, Array(inputs.dropFirst(3)), origin, to: outputs[0])
    case "Swish":
      guard let x = inputs.first ?? nil, outputs.count == 1 else { throw unknown(layer) }
      guard inputs.count < 2 || builder.small(inputs[1])?.floats == [1] else { throw unknown(layer) }
      _ = try builder.emit(.unary(.silu), [x], origin, to: outputs[0])
    default:
      guard let (operation, arguments) = try operation(layer, inputs) else { throw unknown(layer) }
      try builder.add(operation, arguments, outputs: outputs, kind: origin.kind, name: origin.name)
    }
  }

  private mutating func attention(
    _ layer: IRModel.Layer, _ query: Int, _ key: Int, _ value: Int, _ rest: [Int?],
    _ origin: GraphBuilder.Origin,
    to output: Int
  ) throws(ImportError) {
    // The mask is added to scores, or says by truth which to keep: its bias is then 0 or −∞.
    var bias: Int?
    if let mask = rest.first ?? nil {
      // An empty or scalar mask stands for none.
      if builder.small(mask).map({ $0.count == 1 && !$0.hasNonzero && $0.isFloat }) != true {
        bias = try builder.emit(.attentionMask, [mask], origin)
      }
    }
    _ = try builder.attention(
      query: query, key: key, value: value, scale: rest.count > 1 ? rest[1] : nil, bias: bias, mask: nil,
      origin,
      to: output)
  }

  /// Of the names that a tensor has, those that exporters give to outputs.
  private static let outputNames = ["last_hidden_state", "token_embeddings", "sentence_embedding", "logits"]

  private static let unary: [String: GraphOperation.Unary] = [
    "Abs": .abs, "Negative": .negative, "Sqrt": .squareRoot, "Exp": .exponential, "Log": .logarithm,
    "Sin": .sine,
    "Cos": .cosine, "Erf": .erf, "Tanh": .tanh, "Sigmoid": .sigmoid, "ReLU": .relu, "Relu": .relu,
    "Floor": .floor,
    "Ceiling": .ceiling, "Round": .round, "Sign": .sign, "LogicalNot": .not, "IsNaN": .isNaN,
    "SoftPlus": .softplus,
  ]

  private static let binary: [String: GraphOperation.Binary] = [
    "Add": .add, "Subtract": .subtract, "Multiply": .multiply, "Divide": .divide, "Power": .power,
    "Maximum": .maximum, "Minimum": .minimum, "Mod": .truncatedRemainder, "FloorMod": .remainder,
    "SquaredDifference": .squaredDifference,
    "Equal": .equal, "NotEqual": .notEqual, "Less": .less, "LessEqual": .lessOrEqual, "Greater": .greater,
    "GreaterEqual": .greaterOrEqual, "LogicalAnd": .and, "LogicalOr": .or, "LogicalXor": .xor,
    "BitwiseAnd": .bitwiseAnd, "BitwiseOr": .bitwiseOr, "BitwiseXor": .bitwiseXor,
  ]

  private static let reductions: [String: GraphOperation.Reduction] = [
    "ReduceMean": .mean, "ReduceSum": .sum, "ReduceMax": .maximum, "ReduceMin": .minimum,
    "ReduceProd": .product,
    "ReduceL2": .norm, "ReduceLogicalOr": .any, "ReduceLogicalAnd": .all,
  ]

  /// Operations that are one of ours.
  private mutating func operation(
    _ layer: IRModel.Layer, _ inputs: [Int?]
  ) throws(ImportError) -> (GraphOperation, [Int?])? {
    if let unary = Self.unary[layer.type] { return (.unary(unary), inputs) }
    if let binary = Self.binary[layer.type] {
      return inputs.count == 2 ? (.binary(binary), inputs) : nil
    }
    if let reduction = Self.reductions[layer.type] {
      return (.reduce(reduction, keepsAxes: layer.flag("keep_dims"), ignoresNoAxes: true), inputs)
    }
    let first = inputs.first ?? nil
    /// An input that is a constant: axes mostly are.
    func small(_ place: Int) throws(ImportError) -> [Int] {
      guard place < inputs.count, let tensor = builder.small(inputs[place]) else {
        throw bad(layer, "input \(place + 1) is no constant")
      }
      return tensor.integers
    }
    func axis(_ place: Int) throws(ImportError) -> Int {
      guard let axis = try small(place).first else { throw bad(layer, "no axis") }
      return axis
    }
    switch layer.type {
    case "Identity": return (.identity, inputs)
    case "Convert":
      guard let element = IRModel.element(layer.data["destination_type"] ?? "") else { return nil }
      return (.convert(element.isFloat ? .float : element == .boolean ? .boolean : .integer), inputs)
    // All bits of a truth value are one.
    case "BitwiseNot": return layer.isBoolean ? (.unary(.not), inputs) : nil
    case "ConvertLike": return (.convertLike, inputs)
    case "Select": return (.select, inputs)
    case "Clamp":
      guard let low = layer.float("min"), let high = layer.float("max") else { return nil }
      return (.clip, [first, builder.literal(.scalar(low)), builder.literal(.scalar(high))])
    case "MatMul":
      return (.matMul(transposeA: layer.flag("transpose_a"), transposeB: layer.flag("transpose_b")), inputs)
    case "Softmax", "SoftMax": return (.softmax(axis: layer.integer("axis") ?? 1, flattens: false), inputs)
    case "MVN":
      guard layer.data["normalize_variance"].map({ $0 == "true" || $0 == "1" }) ?? true,
        layer.data["eps_mode"]?.lowercased() ?? "inside_sqrt" == "inside_sqrt",
        let epsilon = layer.float("eps")
      else { return nil }
      return (.normalize(epsilon: epsilon), inputs)
    case "NormalizeL2":
      guard let epsilon = layer.float("eps"), let mode = layer.data["eps_mode"] else { return nil }
      return (.l2Normalize(epsilon: epsilon, takesMaximum: mode == "max"), inputs)
    case "Gelu":
      let isTanh = layer.data["approximation_mode"]?.lowercased() == "tanh"
      return (.unary(isTanh ? .geluTanh : .gelu), inputs)
    case "Gather":
      guard layer.integer("batch_dims") ?? 0 == 0 else { return nil }
      return (.gather(axis: try axis(2)), Array(inputs.prefix(2)))
    case "GatherElements": return (.gatherElements(axis: layer.integer("axis") ?? 0), inputs)
    case "GatherND": return (.gatherND(batchAxes: layer.integer("batch_dims") ?? 0), inputs)
    case "ScatterNDUpdate": return layer.data["reduction"] ?? "none" == "none" ? (.scatterND, inputs) : nil
    case "Slice":
      guard inputs.count >= 4 else { return nil }
      return (.slice, [inputs[0], inputs[1], inputs[2], inputs.count > 4 ? inputs[4] : nil, inputs[3]])
    case "StridedSlice":
      return (
        .stridedSlice(
          .init(
            ignoresBegin: layer.integers("begin_mask") ?? [], ignoresEnd: layer.integers("end_mask") ?? [],
            newAxes: layer.integers("new_axis_mask") ?? [],
            shrunkAxes: layer.integers("shrink_axis_mask") ?? [],
            ellipsis: layer.integers("ellipsis_mask") ?? [])), inputs
      )
    case "Concat": return (.concatenate(axis: layer.integer("axis") ?? 0), inputs)
    case "Split": return (.split(axis: try axis(1)), [first])
    case "VariadicSplit": return inputs.count == 3 ? (.split(axis: try axis(1)), [first, inputs[2]]) : nil
    case "Reshape": return (.reshape(zeroCopies: layer.flag("special_zero")), inputs)
    case "Transpose": return (.transpose(nil), inputs)
    case "Unsqueeze": return (.unsqueeze, inputs)
    case "Squeeze": return (.squeeze, inputs)
    case "Broadcast":
      guard ["numpy", "bidirectional", nil].contains(layer.data["mode"]), inputs.count == 2 else {
        return nil
      }
      return (.expand(isMutual: layer.data["mode"] == "bidirectional"), inputs)
    case "Tile": return (.tile, inputs)
    case "ShapeOf": return (.shape, inputs)
    case "Range": return (.range, inputs)
    case "CumSum":
      return (.cumulativeSum(isExclusive: layer.flag("exclusive"), isReversed: layer.flag("reverse")), inputs)
    case "OneHot":
      return (
        .oneHot(axis: layer.integer("axis") ?? -1),
        [
          first, inputs.count > 1 ? inputs[1] : nil,
          inputs.count > 3 ? inputs[3] : nil, inputs.count > 2 ? inputs[2] : nil,
        ]
      )
    case "FakeQuantize":
      if let first, builder.constants[first] == nil { builder.quantization.insert(.activations) }
      return (.fakeQuantize(levels: layer.integer("levels") ?? 0), inputs)
    default: return nil
    }
  }
}
