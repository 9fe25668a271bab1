/// Where a role's numbers are in a graph: read when they are written, one after the other, so that no two weights are
/// in memory at once.
enum RecognisedTensor {
  /// A product's weight. Columns are outputs; the role has one of equal parts of them, from 0. Each column may have a
  /// factor, and each row.
  case weight(GraphLinear, columnFactors: [Float]?, rowFactors: [Float]?, part: Int, parts: Int)
  case vector([Float])
  /// A table, and what happens to each looked-up row before it is summed up.
  case table(table: Int, lookup: Int, term: Int, rows: Int, width: Int)

  /// Whether it is a vector that adds nothing, as some exporters write where a norm has no shift.
  var isZero: Bool { if case .vector(let values) = self { !values.contains { $0 != 0 } } else { false } }

  func floats(_ evaluation: GraphEvaluation) throws(ImportError) -> [Float] {
    switch self {
    case .vector(let values): return values
    case .weight(let linear, let columnFactors, let rowFactors, let part, let parts):
      var weight = try evaluation.tensor(linear.weight)
      weight.shape = Array(weight.shape.suffix(2))
      var values = Self.rows(weight, isTransposed: linear.isTransposed, part: part, parts: parts)
      let depth = weight.shape[linear.isTransposed ? 1 : 0]
      let rows = values.count / max(1, depth)
      let zeros =
        try linear.zero.map { (zero) throws(ImportError) in try evaluation.tensor(zero).floats } ?? [0]
      guard zeros.count == 1 || zeros.count == rows * parts, rowFactors?.count ?? depth == depth else {
        throw .malformedGraph(
          path: evaluation.graph.path, what: "\(zeros.count) zero points for \(rows) columns")
      }
      for row in 0..<rows {
        let zero = zeros[zeros.count == 1 ? 0 : part * rows + row]
        let factor = columnFactors?[part * rows + row] ?? 1
        guard zero != 0 || factor != 1 || rowFactors != nil else { continue }
        for k in 0..<depth {
          values[row * depth + k] = (values[row * depth + k] - zero) * factor * (rowFactors?[k] ?? 1)
        }
      }
      return values
    case .table(let table, let lookup, let term, let rows, let width):
      let found = try evaluation.tensor(lookup)
      let summand = try evaluation.tensor(term)
      let isPlain = found.isFloat && found.floats == summand.floats
      if isPlain, evaluation.graph.constants[table] != nil { return try evaluation.tensor(table).floats }
      // Row by row, some at a time; what happens to looked-up rows happens to all.
      let lead = [Int](repeating: 1, count: max(0, found.shape.count - 2))
      var whole: GraphTensor?
      var values: [Float] = []
      values.reserveCapacity(rows * width)
      for start in stride(from: 0, to: rows, by: 1024) {
        let count = min(1024, rows - start)
        var part: GraphTensor
        if let made = try evaluation.rows(table, Array(start..<start + count)) {
          part = made
        } else {
          if whole == nil { whole = try evaluation.tensor(table) }
          guard let whole else { break }
          part = whole.gathered(
            [count, width], strides: [width, 1], start: start * width, count: count * width)
        }
        part.shape = lead + [count, width]
        let result = isPlain ? part : try evaluation.recompute(term, replacing: lookup, by: part)
        guard result.count == count * width else {
          throw .malformedGraph(
            path: evaluation.graph.path, what: "a table's rows are mixed before they are summed")
        }
        values += result.floats
      }
      return values
    }
  }

  /// [out, in], of a part of the outputs.
  private static func rows(_ weight: GraphTensor, isTransposed: Bool, part: Int, parts: Int) -> [Float] {
    let (depth, columns) =
      isTransposed ? (weight.shape[1], weight.shape[0]) : (weight.shape[0], weight.shape[1])
    let range = columns / parts * part..<columns / parts * (part + 1)
    let values = weight.floats
    if isTransposed {
      return parts == 1 ? values : Array(values[range.lowerBound * depth..<range.upperBound * depth])
    }
    var rows: [Float] = []
    rows.reserveCapacity(range.count * depth)
    for column in range {
      for k in 0..<depth { rows.append(values[k * columns + column]) }
    }
    return rows
  }
}
