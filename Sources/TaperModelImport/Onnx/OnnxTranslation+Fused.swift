/// Nodes that stand for several operations: onnxruntime's fused ones (com.microsoft), and those of ONNX that consist of
/// others.
extension OnnxTranslation {
  /// - Returns: whether the node is one of them.
  mutating func translateFused(
    _ node: OnnxModel.Node, _ inputs: [Int?], _ outputs: [Int], _ origin: GraphBuilder.Origin
  ) throws(ImportError) -> Bool {
    func input(_ place: Int) -> Int? { place < inputs.count ? inputs[place] : nil }
    func needed(_ place: Int) throws(ImportError) -> Int {
      guard let value = input(place) else {
        throw .badNode(
          path: model.path, kind: node.kind, name: origin.name, found: "input \(place + 1) is missing")
      }
      return value
    }
    guard let output = outputs.first else { throw unknown(node) }
    let epsilon = node.float("epsilon")
    switch node.kind {
    case "Dropout":
      _ = try builder.emit(.identity, [try needed(0)], origin, to: output)
    case "Gemm", "FusedGemm":
      guard node.float("beta") ?? 1 == 1, node.attributes["activation"] == nil else { throw unknown(node) }
      try product(node, try needed(0), try needed(1), bias: input(2), origin, to: output)
    case "FusedMatMul", "TransposeMatMul":
      guard node.integer("transBatchA") ?? 0 == 0, node.integer("transBatchB") ?? 0 == 0 else {
        throw unknown(node)
      }
      try product(node, try needed(0), try needed(1), bias: nil, origin, to: output)
    case "LayerNormalization":
      let axis = node.integer("axis") ?? -1
      guard axis == -1 else { throw unknown(node) }
      _ = try builder.layerNorm(
        try needed(0), gamma: input(1), beta: input(2), epsilon: epsilon ?? 1e-5, origin, to: output)
    case "SkipLayerNormalization":
      var sum = try builder.sum(try needed(0), try needed(1), origin)
      sum = try builder.sum(sum, input(4), origin)
      if outputs.count > 3 { _ = try builder.emit(.identity, [sum], origin, to: outputs[3]) }
      _ = try builder.layerNorm(
        sum, gamma: input(2), beta: input(3), epsilon: epsilon ?? 1e-12, origin, to: output)
    case "EmbedLayerNormalization", "QEmbedLayerNormalization":
      try embed(node, inputs, outputs, origin)
    case "Gelu":
      let isTanh = node.attributes["approximate"]?.text == "tanh"
      _ = try builder.emit(.unary(isTanh ? .geluTanh : .gelu), [try needed(0)], origin, to: output)
    case "BiasGelu", "FastGelu":
      let sum = try builder.sum(try needed(0), input(1), origin)
      _ = try builder.emit(.unary(node.kind == "FastGelu" ? .geluTanh : .gelu), [sum], origin, to: output)
    case "QuickGelu":
      guard node.float("alpha") ?? 1.702 == 1.702 else { throw unknown(node) }
      _ = try builder.emit(.unary(.quickGelu), [try needed(0)], origin, to: output)
    case "BiasSplitGelu":
      let sum = try builder.sum(try needed(0), input(1), origin)
      let (kept, gate) = (builder.makeValue(), builder.makeValue())
      try builder.add(.split(axis: -1), [sum], outputs: [kept, gate], kind: origin.kind, name: origin.name)
      let active = try builder.emit(.unary(.gelu), [gate], origin)
      _ = try builder.emit(.binary(.multiply), [kept, active], origin, to: output)
    case "BiasSoftmax":
      let sum = try builder.sum(try needed(0), input(1), origin)
      _ = try builder.emit(.softmax(axis: -1, flattens: false), [sum], origin, to: output)
    case "DynamicQuantizeMatMul":
      builder.quantization.insert(.activations)
      let product = try builder.emit(.integerMatMul, [try needed(0), try needed(1), nil, input(3)], origin)
      let scaled = try builder.emit(.binary(.multiply), [product, try needed(2)], origin)
      _ = try builder.sum(scaled, input(4), origin, to: output)
    case "MatMulIntegerToFloat":
      builder.quantization.insert(.activations)
      let product = try builder.emit(
        .integerMatMul, [try needed(0), try needed(1), input(4), input(5)], origin)
      let scales = try builder.emit(.binary(.multiply), [try needed(2), try needed(3)], origin)
      let scaled = try builder.emit(.binary(.multiply), [product, scales], origin)
      _ = try builder.sum(scaled, input(6), origin, to: output)
    case "MatMulNBits":
      try blockProduct(node, try needed(0), try needed(1), try needed(2), input(3), origin, to: output)
    case "Attention" where node.domain == "com.microsoft", "QAttention":
      try attention(node, inputs, outputs, origin)
    case "Attention": try standardAttention(node, inputs, origin, to: output)
    case "MultiHeadAttention": try multiHeadAttention(node, inputs, outputs, origin)
    default: return false
    }
    return true
  }

  /// α·a·b + bias, with transposes by attribute.
  private mutating func product(
    _ node: OnnxModel.Node, _ a: Int, _ b: Int, bias: Int?, _ origin: GraphBuilder.Origin, to output: Int
  ) throws(ImportError) {
    let operation = GraphOperation.matMul(
      transposeA: node.integer("transA") ?? 0 != 0, transposeB: node.integer("transB") ?? 0 != 0)
    var value = try builder.emit(operation, [a, b], origin)
    if let alpha = node.float("alpha"), alpha != 1 {
      value = try builder.emit(.binary(.multiply), [value, builder.literal(.scalar(alpha))], origin)
    }
    _ = try builder.sum(value, bias, origin, to: output)
  }

  /// MatMulNBits: weights [columns, blocks, bytes of a block] of four bits, with a scale and perhaps a zero point a
  /// block.
  private mutating func blockProduct(
    _ node: OnnxModel.Node, _ x: Int, _ weight: Int, _ scale: Int, _ zero: Int?,
    _ origin: GraphBuilder.Origin,
    to output: Int
  ) throws(ImportError) {
    guard node.integer("bits") ?? 4 == 4, let depth = node.integer("K"), let columns = node.integer("N"),
      let block = node.integer("block_size"), block > 0, depth > 0, columns > 0, depth % block == 0,
      block % 2 == 0, node.inputs.count <= 4, let codes = builder.constants[weight], codes.element == .u8,
      GraphTensor.count([columns, depth], limit: 1 << 40) == 2 * codes.count,
      zero == nil || depth / block % 2 == 0
    else { throw unknown(node) }
    func asCodes(_ value: Int, _ shape: [Int], _ builder: inout GraphBuilder) -> Int? {
      guard let constant = builder.constants[value], constant.element == .u8,
        constant.count * 2 == shape.reduce(1, *)
      else { return nil }
      let result = builder.makeValue()
      builder.set(result, to: constant.reinterpreted(as: .u4, shape: shape))
      return result
    }
    let blocks = depth / block
    guard let data = asCodes(weight, [columns, blocks, block], &builder) else { throw unknown(node) }
    var centre = builder.literal(.scalar(8))
    if let zero {
      guard let value = asCodes(zero, [columns, blocks, 1], &builder) else { throw unknown(node) }
      centre = value
    }
    var value = try builder.emit(.convert(.float), [data], origin)
    value = try builder.emit(.binary(.subtract), [value, centre], origin)
    let scales = try builder.emit(
      .reshape(zeroCopies: false), [scale, builder.axes([columns, blocks, 1])], origin)
    value = try builder.emit(.binary(.multiply), [value, scales], origin)
    value = try builder.emit(.reshape(zeroCopies: false), [value, builder.axes([columns, depth])], origin)
    _ = try builder.emit(.matMul(transposeA: false, transposeB: true), [x, value], origin, to: output)
  }

  /// Attention and QAttention: input, weight [hidden, 3 · hidden], bias; then for the one mask, past, bias of scores,
  /// for the other scales, mask, zero points.
  private mutating func attention(
    _ node: OnnxModel.Node, _ inputs: [Int?], _ outputs: [Int], _ origin: GraphBuilder.Origin
  ) throws(ImportError) {
    func input(_ place: Int) -> Int? { place < inputs.count ? inputs[place] : nil }
    let isQuantised = node.kind == "QAttention"
    guard let heads = node.integer("num_heads"), heads > 0, node.integer("unidirectional") ?? 0 == 0,
      node.integer("do_rotary") ?? 0 == 0, outputs.count == 1, let x = input(0), let weight = input(1),
      input(isQuantised ? 8 : 4) == nil
    else { throw unknown(node) }
    var product: Int
    if isQuantised {
      builder.quantization.insert(.activations)
      product = try builder.emit(.integerMatMul, [x, weight, input(6), input(7)], origin)
      if let scale = input(4) { product = try builder.emit(.binary(.multiply), [product, scale], origin) }
      if let scale = input(3) { product = try builder.emit(.binary(.multiply), [product, scale], origin) }
    } else {
      product = try builder.emit(.matMul(transposeA: false, transposeB: false), [x, weight], origin)
    }
    product = try builder.sum(product, input(2), origin)
    let parts = [builder.makeValue(), builder.makeValue(), builder.makeValue()]
    let sizes = node.integers("qkv_hidden_sizes").map { builder.axes($0) }
    try builder.add(.split(axis: -1), [product, sizes], outputs: parts, kind: origin.kind, name: origin.name)
    try heads3(
      parts, heads, node, mask: input(isQuantised ? 5 : 3), bias: isQuantised ? nil : input(5), origin,
      to: outputs[0])
  }

  private mutating func heads3(
    _ parts: [Int], _ heads: Int, _ node: OnnxModel.Node, mask: Int?, bias: Int?,
    _ origin: GraphBuilder.Origin,
    to output: Int
  ) throws(ImportError) {
    let query = try builder.splitHeads(parts[0], heads, origin)
    let key = try builder.splitHeads(parts[1], heads, origin)
    let value = try builder.splitHeads(parts[2], heads, origin)
    let scale = node.float("scale").flatMap { $0 == 0 ? nil : builder.literal(.scalar($0)) }
    let context = try builder.attention(
      query: query, key: key, value: value, scale: scale, bias: bias, mask: mask, origin, to: nil)
    _ = try builder.joinHeads(context, origin, to: output)
  }

  /// Query, key, value, bias of all three, mask of keys, bias of scores.
  private mutating func multiHeadAttention(
    _ node: OnnxModel.Node, _ inputs: [Int?], _ outputs: [Int], _ origin: GraphBuilder.Origin
  ) throws(ImportError) {
    func input(_ place: Int) -> Int? { place < inputs.count ? inputs[place] : nil }
    guard let heads = node.integer("num_heads"), heads > 0, node.integer("unidirectional") ?? 0 == 0,
      outputs.count == 1, let query = input(0), let key = input(1), let value = input(2), inputs.count <= 6
    else { throw unknown(node) }
    var parts = [query, key, value]
    if let bias = input(3) {
      let biases = [builder.makeValue(), builder.makeValue(), builder.makeValue()]
      try builder.add(.split(axis: -1), [bias], outputs: biases, kind: origin.kind, name: origin.name)
      for index in parts.indices { parts[index] = try builder.sum(parts[index], biases[index], origin) }
    }
    try heads3(parts, heads, node, mask: input(4), bias: input(5), origin, to: outputs[0])
  }

  /// ONNX's own: heads apart, or their number as an attribute; the mask is added to scores.
  private mutating func standardAttention(
    _ node: OnnxModel.Node, _ inputs: [Int?], _ origin: GraphBuilder.Origin, to output: Int
  ) throws(ImportError) {
    guard inputs.count >= 3, inputs.count <= 4, let query = inputs[0], let key = inputs[1],
      let value = inputs[2],
      node.integer("is_causal") ?? 0 == 0, node.float("softcap") ?? 0 == 0, node.outputs.count == 1
    else { throw unknown(node) }
    let mask = inputs.count > 3 ? inputs[3] : nil
    if let heads = node.integer("q_num_heads") {
      guard heads > 0, node.integer("kv_num_heads") == heads else { throw unknown(node) }
      return try heads3([query, key, value], heads, node, mask: nil, bias: mask, origin, to: output)
    }
    let scale = node.float("scale").map { builder.literal(.scalar($0)) }
    _ = try builder.attention(
      query: query, key: key, value: value, scale: scale, bias: mask, mask: nil, origin, to: output)
  }

  /// Three look-ups, their sum and its norm; outputs are the states, the mask's lengths, and the sum.
  private mutating func embed(
    _ node: OnnxModel.Node, _ inputs: [Int?], _ outputs: [Int], _ origin: GraphBuilder.Origin
  ) throws(ImportError) {
    func input(_ place: Int) -> Int? { place < inputs.count ? inputs[place] : nil }
    let isQuantised = node.kind == "QEmbedLayerNormalization"
    guard let ids = input(0), let words = input(2), let positions = input(3) else { throw unknown(node) }
    func real(_ value: Int, _ place: Int, _ builder: inout GraphBuilder) throws(ImportError) -> Int {
      guard isQuantised, let scale = input(8 + place) else { return value }
      return try builder.emit(.dequantize(axis: -1, block: 0), [value, scale, input(13 + place)], origin)
    }
    var sum = try real(try builder.emit(.gather(axis: 0), [words, ids], origin), 0, &builder)
    var places = isQuantised ? nil : input(8)
    if places == nil {
      let shape = try builder.emit(.shape, [ids], origin)
      let length = try builder.emit(.gather(axis: 0), [shape, builder.literal(.scalar(1))], origin)
      places = try builder.emit(
        .range, [builder.literal(.scalar(0)), length, builder.literal(.scalar(1))], origin)
    }
    let rows = try real(try builder.emit(.gather(axis: 0), [positions, places], origin), 1, &builder)
    sum = try builder.sum(sum, rows, origin)
    if let table = input(4), let types = input(1) {
      sum = try builder.sum(
        sum, try real(try builder.emit(.gather(axis: 0), [table, types], origin), 2, &builder), origin)
    }
    guard let gamma = input(5), let beta = input(6) else { throw unknown(node) }
    _ = try builder.layerNorm(
      sum, gamma: try real(gamma, 3, &builder), beta: try real(beta, 4, &builder),
      epsilon: node.float("epsilon") ?? 1e-12, origin, to: outputs[0])
    if outputs.count > 1 {
      if let mask = input(7) {
        _ = try builder.emit(
          .reduce(.sum, keepsAxes: false, ignoresNoAxes: false), [mask, builder.axes([1])], origin,
          to: outputs[1])
      } else {
        // No mask: every token counts.
        let shape = try builder.emit(.shape, [ids], origin)
        _ = try builder.emit(
          .slice, [shape, builder.axes([1]), builder.axes([2])], origin, to: outputs[1])
      }
    }
    if outputs.count > 2 { _ = try builder.emit(.identity, [sum], origin, to: outputs[2]) }
  }
}
