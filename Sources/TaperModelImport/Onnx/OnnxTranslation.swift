import TaperBase

/// Translates an ONNX graph into a `ModelGraph`, operation by operation. What exporters of encoders do not write is
/// refused by name.
struct OnnxTranslation {
  let model: OnnxModel
  var builder: GraphBuilder

  static func graph(path: String) throws(ImportError) -> ModelGraph {
    let model = try OnnxModel(path: path)
    var translation = OnnxTranslation(model: model, builder: GraphBuilder(path: path))
    var external = ExternalData(path: path)
    for tensor in model.tensors {
      translation.builder.set(translation.builder.value(tensor.name), to: try tensor.constant(&external))
    }
    let constants = Set(model.tensors.map(\.name))
    var inputs: [(name: String, value: Int, shape: [Int?])] = []
    // Older exporters list constants among the inputs.
    for input in model.inputs where !constants.contains(input.name) {
      inputs.append((input.name, translation.builder.value(input.name), input.shape))
    }
    let length = try GraphInputs.declare(inputs, in: &translation.builder)
    for node in model.nodes { try translation.translate(node, &external) }
    translation.builder.outputs = model.outputs.map { ($0, translation.builder.value($0)) }
    return try ModelGraph(translation.builder, fixedLength: length)
  }

  private mutating func translate(_ node: OnnxModel.Node, _ external: inout ExternalData) throws(ImportError)
  {
    let origin = GraphBuilder.Origin(
      kind: node.kind, name: node.name.isEmpty ? node.outputs.first ?? "" : node.name)
    let inputs = node.inputs.map { $0.isEmpty ? nil : builder.value($0) }
    let outputs = node.outputs.map { $0.isEmpty ? builder.makeValue() : builder.value($0) }
    guard !node.attributes.values.contains(where: \.isGraph) else { throw unknown(node) }
    if node.kind == "Constant" {
      guard let output = outputs.first else { throw unknown(node) }
      return try constant(node, output, &external)
    }
    guard ["", "ai.onnx", "com.microsoft", "ai.onnx.contrib"].contains(node.domain) else {
      throw unknown(node)
    }
    if try translateFused(node, inputs, outputs, origin) { return }
    guard let (operation, arguments) = try operation(node, inputs) else { throw unknown(node) }
    try builder.add(operation, arguments, outputs: outputs, kind: origin.kind, name: origin.name)
  }

  func unknown(_ node: OnnxModel.Node) -> ImportError {
    .unknownNode(path: model.path, kind: node.kind, output: node.outputs.first ?? "")
  }

  private mutating func constant(
    _ node: OnnxModel.Node, _ output: Int, _ external: inout ExternalData
  ) throws(ImportError) {
    if let tensor = node.attributes["value"]?.tensor {
      builder.set(output, to: try tensor.constant(&external))
      return
    }
    let tensor: GraphTensor
    if let integer = node.integer("value_int") {
      tensor = .scalar(integer)
    } else if let integers = node.integers("value_ints") {
      tensor = .vector(integers)
    } else if let float = node.float("value_float") {
      tensor = .scalar(float)
    } else if let floats = node.attributes["value_floats"]?.floats {
      tensor = GraphTensor([floats.count], floats: floats)
    } else {
      throw unknown(node)
    }
    _ = try builder.emit(
      .identity, [builder.literal(tensor)], .init(kind: node.kind, name: node.name), to: output)
  }

  private static let unary: [String: GraphOperation.Unary] = [
    "Abs": .abs, "Neg": .negative, "Reciprocal": .reciprocal, "Sqrt": .squareRoot, "Exp": .exponential,
    "Log": .logarithm, "Sin": .sine, "Cos": .cosine, "Erf": .erf, "Tanh": .tanh, "Sigmoid": .sigmoid,
    "Relu": .relu,
    "Floor": .floor, "Ceil": .ceiling, "Round": .round, "Sign": .sign, "Not": .not, "IsNaN": .isNaN,
    "Softplus": .softplus,
  ]

  private static let binary: [String: GraphOperation.Binary] = [
    "Add": .add, "Sub": .subtract, "Mul": .multiply, "Div": .divide, "Pow": .power, "Equal": .equal,
    "Less": .less, "LessOrEqual": .lessOrEqual, "Greater": .greater, "GreaterOrEqual": .greaterOrEqual,
    "And": .and,
    "Or": .or, "Xor": .xor, "Min": .minimum, "Max": .maximum,
  ]

  private static let reductions: [String: GraphOperation.Reduction] = [
    "ReduceMean": .mean, "ReduceSum": .sum, "ReduceMax": .maximum, "ReduceMin": .minimum,
    "ReduceProd": .product,
    "ReduceL2": .norm, "ReduceSumSquare": .sumOfSquares,
  ]

  /// Operations that are one of ours.
  private mutating func operation(
    _ node: OnnxModel.Node, _ inputs: [Int?]
  ) throws(ImportError) -> (GraphOperation, [Int?])? {
    let axis = node.integer("axis")
    /// Axes are an attribute in older operations, an input in newer ones.
    func withAxes(_ builder: inout GraphBuilder, _ name: String = "axes") -> [Int?] {
      guard let axes = node.integers(name) else { return inputs }
      return Array(inputs.prefix(1)) + [builder.axes(axes)]
    }
    if let unary = Self.unary[node.kind] { return (.unary(unary), inputs) }
    if let binary = Self.binary[node.kind] {
      if inputs.count == 1, binary == .minimum || binary == .maximum { return (.identity, inputs) }
      return inputs.count == 2 ? (.binary(binary), inputs) : nil
    }
    if let reduction = Self.reductions[node.kind] {
      let operation = GraphOperation.reduce(
        reduction, keepsAxes: node.integer("keepdims") ?? 1 != 0,
        ignoresNoAxes: node.integer("noop_with_empty_axes") ?? 0 != 0)
      return (operation, withAxes(&builder))
    }
    switch node.kind {
    case "Identity": return (.identity, inputs)
    case "Cast": return (.convert(try kind(node, node.integer("to") ?? 0)), inputs)
    case "CastLike": return (.convertLike, inputs)
    case "Mod": return (.binary(node.integer("fmod") ?? 0 != 0 ? .truncatedRemainder : .remainder), inputs)
    case "Where": return (.select, inputs)
    case "MatMul": return (.matMul(transposeA: false, transposeB: false), inputs)
    case "MatMulInteger":
      builder.quantization.insert(.activations)
      return (.integerMatMul, inputs)
    case "Softmax":
      return model.version >= 13
        ? (.softmax(axis: axis ?? -1, flattens: false), inputs)
        : (.softmax(axis: axis ?? 1, flattens: true), inputs)
    case "Gather": return (.gather(axis: axis ?? 0), inputs)
    case "GatherElements": return (.gatherElements(axis: axis ?? 0), inputs)
    case "GatherND": return (.gatherND(batchAxes: node.integer("batch_dims") ?? 0), inputs)
    case "ScatterND":
      return node.attributes["reduction"]?.text ?? "none" == "none" ? (.scatterND, inputs) : nil
    case "Slice":
      guard let starts = node.integers("starts"), let ends = node.integers("ends") else {
        return (.slice, inputs)
      }
      let axes = node.integers("axes").map { builder.axes($0) }
      return (.slice, [inputs.first ?? nil, builder.axes(starts), builder.axes(ends), axes])
    case "Concat": return (.concatenate(axis: axis ?? 0), inputs)
    case "Split": return (.split(axis: axis ?? 0), withAxes(&builder, "split"))
    case "Reshape": return (.reshape(zeroCopies: node.integer("allowzero") ?? 0 == 0), inputs)
    case "Flatten": return (.flatten(axis: axis ?? 1), inputs)
    case "Transpose": return (.transpose(node.integers("perm")), inputs)
    case "Unsqueeze": return (.unsqueeze, withAxes(&builder))
    case "Squeeze": return (.squeeze, withAxes(&builder))
    case "Expand": return (.expand(isMutual: true), inputs)
    case "Tile": return (.tile, inputs)
    case "Shape":
      guard let start = node.integer("start") ?? (node.integer("end") == nil ? nil : 0) else {
        return (.shape, inputs)
      }
      let shape = try builder.emit(.shape, inputs, .init(kind: node.kind, name: node.name))
      return (.slice, [shape, builder.axes([start]), builder.axes([node.integer("end") ?? .max])])
    case "ConstantOfShape":
      var external = ExternalData(path: model.path)
      let value = try node.attributes["value"]?.tensor?.constant(&external)
      guard value?.count ?? 1 == 1 else { return nil }
      let scalar = value?.tensor() ?? .scalar(Float(0))
      return (.fill, inputs + [builder.literal(GraphTensor(shape: [], elements: scalar.elements))])
    case "Range": return (.range, inputs)
    case "CumSum":
      return (
        .cumulativeSum(
          isExclusive: node.integer("exclusive") ?? 0 != 0, isReversed: node.integer("reverse") ?? 0 != 0),
        inputs
      )
    case "Trilu": return (.triangle(isUpper: node.integer("upper") ?? 1 != 0), inputs)
    case "Clip":
      let low = node.float("min").map { builder.literal(.scalar($0)) }
      let high = node.float("max").map { builder.literal(.scalar($0)) }
      return (
        .clip, inputs.count > 1 || low == nil && high == nil ? inputs : [inputs.first ?? nil, low, high]
      )
    case "QuantizeLinear":
      builder.quantization.insert(.activations)
      return (.quantize(axis: axis ?? 1, range(of: inputs)), inputs)
    case "DequantizeLinear":
      return (.dequantize(axis: axis ?? 1, block: node.integer("block_size") ?? 0), inputs)
    case "DynamicQuantizeLinear":
      builder.quantization.insert(.activations)
      return (.dynamicQuantize, inputs)
    default: return nil
    }
  }

  /// The codes of a quantisation: those of its zero point's type.
  private func range(of inputs: [Int?]) -> GraphOperation.QuantizedRange {
    guard inputs.count > 2, let zero = inputs[2], let constant = builder.constants[zero] else { return .u8 }
    return constant.element == .i8 ? .i8 : .u8
  }

  private func kind(_ node: OnnxModel.Node, _ type: Int) throws(ImportError) -> GraphOperation.Kind {
    guard let element = OnnxTensor.element(type) else { throw unknown(node) }
    return element.isFloat ? .float : element == .boolean ? .boolean : .integer
  }
}
