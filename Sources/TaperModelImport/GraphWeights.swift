import TaperBase

/// The encoder's weights as they are recognised in a graph.
///
/// Exporters keep the names of embeddings, norms and biases and lose those of the products' weights, which they store
/// transposed ([in, out]). So a weight is found by its use: the bias "X.bias" is added to a product, and the product's
/// other operand is "X.weight". Dynamic int8 (MatMulInteger) and QDQ weights are dequantised: (q − zero) · scale.
struct GraphWeights {
  struct Tensor {
    var shape: [Int]
    var values: [Float]
  }

  let graph: OnnxGraph
  /// Whether some weight was int8.
  private(set) var areQuantised = false
  /// Weights of products that were recognised, by the graph's names.
  private var used: Set<String> = []
  /// By the names that the checkpoint would have, without exporters' wrappers ("model.0.auto_model.").
  private(set) var tensors: [String: Tensor] = [:]

  init(_ graph: OnnxGraph) throws(ImportError) {
    self.graph = graph
    for node in graph.nodes where !Self.known.contains(node.kind) {
      throw .unknownNode(path: graph.path, kind: node.kind, output: node.outputs.first ?? "")
    }
    let wrapper = try Self.wrapper(graph)
    func canonical(_ name: String) -> String {
      name.hasPrefix(wrapper) ? String(name.dropFirst(wrapper.count)) : name
    }
    for (name, tensor) in graph.tensors where name.hasSuffix(".weight") || name.hasSuffix(".bias") {
      tensors[canonical(name)] = Tensor(shape: tensor.shape, values: try tensor.floats())
    }
    for node in graph.nodes {
      switch node.kind {
      case "Add":
        guard let (bias, product) = bias(of: node), let weight = try weight(ofProduct: product) else {
          continue
        }
        tensors[canonical(bias.dropLast(5) + ".weight")] = weight
      case "Gemm":
        guard node.inputs.count == 3, node.inputs[2].hasSuffix(".bias"),
          let weight = try operand(node.inputs[1], isTransposed: node.integers["transB"] == 1)
        else { continue }
        tensors[canonical(node.inputs[2].dropLast(5) + ".weight")] = weight
      case "DequantizeLinear":
        // A table that is looked up before it is dequantised.
        guard let gather = graph.producer(of: node.inputs[0]), gather.kind == "Gather",
          let name = gather.inputs.first, name.hasSuffix(".weight_quantized"),
          let table = try dequantised(name, node)
        else { continue }
        tensors[canonical(String(name.dropLast("_quantized".count)))] = table
      default: continue
      }
    }
    try checkProducts()
    try checkOutput()
  }

  /// One of the graph's outputs must be what the model gives: the last layer's states, or a classifier's logits. What a
  /// graph does after them is not read, so it must not be all that it gives.
  private func checkOutput() throws(ImportError) {
    let classifiers = ["classifier.bias", "classifier.out_proj.bias"].filter { graph.tensors[$0] != nil }
    let norms = graph.tensors.keys.filter { name in
      ["output.LayerNorm.bias", "output_layer_norm.bias", "full_layer_layer_norm.bias"].contains {
        name.hasSuffix($0)
      }
    }
    /// Layer 10 comes after layer 9.
    func layer(_ name: String) -> Int {
      name.split(separator: ".").compactMap { Int($0) }.last ?? -1
    }
    guard let last = norms.map(layer).max() else { return }
    let ends =
      classifiers.isEmpty
      ? norms.filter { layer($0) == last && !$0.contains("attention.output") } : classifiers
    let values = graph.nodes.filter { node in node.inputs.contains { ends.contains($0) } }.flatMap(\.outputs)
    func isOutput(_ value: String) -> Bool {
      graph.outputs.contains(value)
        || graph.nodes.contains {
          $0.kind == "Identity" && $0.inputs == [value] && graph.outputs.contains($0.outputs.first ?? "")
        }
    }
    guard values.contains(where: isOutput) else {
      throw .otherOutputs(path: graph.path, outputs: graph.outputs)
    }
  }

  /// Every weight of a product must have been recognised: one that was not computes something that the model would
  /// lack, as ColBERT's projection does.
  private func checkProducts() throws(ImportError) {
    for node in graph.nodes
    where ["MatMul", "MatMulInteger", "Gemm"].contains(node.kind) && node.inputs.count > 1 {
      var name = node.inputs[1]
      while let producer = graph.producer(of: name),
        ["Transpose", "DequantizeLinear"].contains(producer.kind),
        let source = producer.inputs.first
      { name = source }
      if let tensor = graph.tensors[name], tensor.shape.count == 2, !used.contains(name) {
        throw .unknownTensor(path: graph.path, tensor: name)
      }
    }
  }

  /// What stands before the encoder's own names.
  private static func wrapper(_ graph: OnnxGraph) throws(ImportError) -> String {
    let ends = [
      "bert.embeddings.LayerNorm.bias", "embeddings.LayerNorm.bias", "embeddings.norm.weight",
    ]
    for end in ends {
      if let name = graph.tensors.keys.filter({ $0.hasSuffix(end) }).min(by: { $0.count < $1.count }) {
        let wrapper = String(name.dropLast(end.count))
        // "roberta." and its like belong to the checkpoint's names.
        let families = ["bert.", "roberta.", "distilbert.", "mpnet.", "electra.", "albert.", "deberta."]
        if let family = families.first(where: { wrapper.hasSuffix($0) }) {
          return String(wrapper.dropLast(family.count))
        }
        return wrapper
      }
    }
    throw .missingTensor(path: graph.path, tensor: "embeddings.LayerNorm.bias")
  }

  /// The named bias among a sum's operands, and the other operand.
  private func bias(of node: OnnxGraph.Node) -> (name: Substring, other: String)? {
    guard node.inputs.count == 2 else { return nil }
    for (bias, other) in [(node.inputs[0], node.inputs[1]), (node.inputs[1], node.inputs[0])]
    where bias.hasSuffix(".bias") && graph.tensors[bias] != nil { return (bias[...], other) }
    return nil
  }

  /// The weight of the product that makes this value, [out, in]; nil where it is no product.
  private mutating func weight(ofProduct value: String) throws(ImportError) -> Tensor? {
    guard let node = graph.producer(of: value) else { return nil }
    if node.kind == "MatMul" { return try operand(node.inputs[1], isTransposed: false) }
    // Cast(MatMulInteger(x, w, x's zero, w's zero)) · (x's scale · w's scale)
    guard node.kind == "Mul", node.inputs.count == 2 else { return nil }
    for (cast, scales) in [(node.inputs[0], node.inputs[1]), (node.inputs[1], node.inputs[0])] {
      guard let cast = graph.producer(of: cast), cast.kind == "Cast", let source = cast.inputs.first,
        let product = graph.producer(of: source), product.kind == "MatMulInteger", product.inputs.count >= 2,
        let scale = graph.producer(of: scales)?.inputs.first(where: { graph.tensors[$0] != nil })
      else { continue }
      let zero = product.inputs.count > 3 ? product.inputs[3] : ""
      return try transposed(dequantised(product.inputs[1], scale: scale, zero: zero, axis: nil))
    }
    return nil
  }

  /// A product's second operand as [out, in].
  private mutating func operand(_ name: String, isTransposed: Bool) throws(ImportError) -> Tensor? {
    if let tensor = graph.tensors[name] {
      guard tensor.shape.count == 2 else { return nil }
      used.insert(name)
      let value = Tensor(shape: tensor.shape, values: try tensor.floats())
      return isTransposed ? value : try transposed(value)
    }
    guard let node = graph.producer(of: name), let source = node.inputs.first else { return nil }
    switch node.kind {
    case "Transpose": return try operand(source, isTransposed: !isTransposed)
    case "DequantizeLinear":
      guard let value = try dequantised(source, node) else { return nil }
      return isTransposed ? value : try transposed(value)
    default: return nil
    }
  }

  private mutating func dequantised(_ name: String, _ node: OnnxGraph.Node) throws(ImportError) -> Tensor? {
    guard graph.tensors[name] != nil, node.inputs.count >= 2 else { return nil }
    let axis = node.integers["axis"].map { Int(clamping: $0) }
    return try dequantised(
      name, scale: node.inputs[1], zero: node.inputs.count > 2 ? node.inputs[2] : "", axis: axis)
  }

  /// - Parameters:
  ///   - zero: empty: zeros.
  ///   - axis: of scales that are several; nil: the last.
  private mutating func dequantised(
    _ name: String, scale: String, zero: String, axis: Int?
  ) throws(ImportError) -> Tensor {
    guard let quantised = graph.tensors[name] else { throw .missingTensor(path: graph.path, tensor: name) }
    guard let scaleTensor = graph.tensors[scale] else {
      throw .missingTensor(path: graph.path, tensor: scale)
    }
    let scales = try scaleTensor.floats()
    let zeros = try graph.tensors[zero].map { (tensor) throws(ImportError) in try tensor.floats() } ?? []
    let shape = quantised.shape
    let place = axis.map { $0 < 0 ? $0 + shape.count : $0 } ?? shape.count - 1
    let isScalar = scales.count == 1 && zeros.count <= 1
    guard shape.count == 2, shape.indices.contains(place), isScalar || scales.count == shape[place],
      zeros.isEmpty || zeros.count == scales.count
    else {
      throw .badTensor(
        path: graph.path, tensor: name,
        expected: "a matrix with a scale and a zero, or one for each of an axis",
        found: "shape \(shape), \(scales.count) scales, \(zeros.count) zeros")
    }
    var values = try quantised.floats()
    let columns = shape[1]
    for index in values.indices {
      let channel = isScalar ? 0 : place == 0 ? index / columns : index % columns
      values[index] = (values[index] - (zeros.isEmpty ? 0 : zeros[channel])) * scales[channel]
    }
    used.insert(name)
    areQuantised = true
    return Tensor(shape: shape, values: values)
  }

  private func transposed(_ tensor: Tensor) throws(ImportError) -> Tensor {
    let (rows, columns) = (tensor.shape[0], tensor.shape[1])
    var values = [Float](repeating: 0, count: tensor.values.count)
    for row in 0..<rows {
      for column in 0..<columns { values[column * rows + row] = tensor.values[row * columns + column] }
    }
    return Tensor(shape: [columns, rows], values: values)
  }

  /// What encoders consist of as exporters write them, with the arithmetic on shapes and masks round it. Fused kinds
  /// (Attention, SkipLayerNormalization, …) hold several parts in one.
  private static let known: Set<String> = [
    "Abs", "Add", "And", "Cast", "Clip", "Concat", "Constant", "ConstantOfShape", "CumSum",
    "DequantizeLinear", "Div",
    "DynamicQuantizeLinear", "Equal", "Erf", "Expand", "Flatten", "Gather", "GatherElements", "Gelu", "Gemm",
    "Greater", "GreaterOrEqual",
    "Identity", "IsNaN", "LayerNormalization", "Less", "LessOrEqual", "MatMul", "MatMulInteger", "Max", "Min",
    "Mul", "Neg",
    "Not", "Or",
    "Pow", "QuantizeLinear", "Range", "ReduceL2", "ReduceMean", "ReduceSum", "Relu", "Reshape", "ScatterND",
    "Shape",
    "Sigmoid", "Sign", "Slice", "Softmax", "Split", "Sqrt", "Squeeze", "Sub", "Tanh", "Tile", "Transpose",
    "Trilu",
    "Unsqueeze", "Where",
  ]
}
