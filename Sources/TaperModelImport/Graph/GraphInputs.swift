/// What a graph's inputs are, by their names: those of transformers, and of the converters that shorten them.
enum GraphInputs {
  static func input(_ name: String) -> ModelGraph.Input? {
    let words = name.lowercased()
    if words.contains("mask") { return .mask }
    if words.contains("type") || words.contains("segment") { return .types }
    if words.contains("position") { return .positions }
    if words.contains("id") || words.contains("input") || words.contains("token") || words == "x" {
      return .ids
    }
    return nil
  }

  /// Names the inputs of a graph for `builder`.
  /// - Returns: the tokens of a graph for one length only.
  static func declare(
    _ inputs: [(name: String, value: Int, shape: [Int?])], in builder: inout GraphBuilder
  ) throws(ImportError) -> Int? {
    var length: Int?
    for (name, value, shape) in inputs {
      guard let input = input(name), !builder.inputs.contains(where: { $0.input == input }) else {
        throw .unrecognised(
          path: builder.path, part: "input \"\(name)\"",
          expected: "input_ids, attention_mask, token_type_ids or position_ids", found: "another one")
      }
      guard shape.isEmpty || shape.count == 2, shape.isEmpty || shape[0] ?? 1 == 1 else {
        throw .unrecognised(
          path: builder.path, part: "input \"\(name)\"", expected: "the shape [batch, tokens]",
          found: "[" + shape.map { $0.map(String.init) ?? "?" }.joined(separator: ", ") + "]")
      }
      if shape.count == 2, let fixed = shape[1], fixed > 0 { length = fixed }
      builder.inputs.append((value, input))
    }
    guard builder.inputs.contains(where: { $0.input == .ids }) else {
      throw .unrecognised(
        path: builder.path, part: "its inputs", expected: "input_ids",
        found: inputs.map(\.name).joined(separator: ", "))
    }
    return length
  }
}
